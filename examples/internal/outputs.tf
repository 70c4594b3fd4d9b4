output "hostnames" {
  description = "Where the service answers."
  value       = module.api.dns_hostnames
}
