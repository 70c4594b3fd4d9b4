# What the tests need of the module's outputs.

output "service_arn" {
  description = "ARN of the ECS service."
  value       = module.tempo.service_arn
}

output "service_name" {
  description = "Name of the ECS service."
  value       = module.tempo.service_name
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.tempo.cluster_name
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = module.tempo.load_balancer_arn
}

output "ssl_listener_arn" {
  description = "ARN of the HTTPS listener; null on an NLB. Rules of your own may have any priority but 99."
  value       = module.tempo.ssl_listener_arn
}

output "target_group_arn" {
  description = "ARN of the primary target group."
  value       = module.tempo.target_group_arn
}

output "extra_target_groups" {
  description = "The extra target groups with their listeners, by the keys of extra_target_groups."
  value       = module.tempo.extra_target_groups
}

output "dns_hostnames" {
  description = "Full names of dns_names, in their order."
  value       = module.tempo.dns_hostnames
}
