output "hostnames" {
  description = "Where the service answers."
  value       = module.app.dns_hostnames
}

output "extra_urls" {
  description = "Where its further ports answer."
  value       = { for key, entry in module.app.extra_target_groups : key => entry.url }
}
