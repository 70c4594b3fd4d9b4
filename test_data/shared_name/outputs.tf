# What the test needs of the module's outputs.

output "host_name" {
  description = "The name that the services share."
  value       = one(distinct(flatten(values(module.service)[*].dns_hostnames)))
}

