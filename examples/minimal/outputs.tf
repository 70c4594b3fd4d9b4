output "hostnames" {
  description = "Where the service answers."
  value       = module.web.dns_hostnames
}
