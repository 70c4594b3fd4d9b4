output "service_arn" {
  description = "ARN of the ECS service."
  value       = module.nginx.service_arn
}

output "service_name" {
  description = "Name of the ECS service."
  value       = module.nginx.service_name
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.nginx.cluster_name
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = module.nginx.load_balancer_arn
}

output "ssl_listener_arn" {
  description = "Null: the NLB has no HTTPS listener."
  value       = module.nginx.ssl_listener_arn
}

output "target_group_arn" {
  description = "ARN of the primary target group."
  value       = module.nginx.target_group_arn
}

output "extra_target_groups" {
  description = "The extra target groups with their listeners, by the keys of extra_target_groups."
  value       = module.nginx.extra_target_groups
}

output "dns_hostnames" {
  description = "Full names of dns_names, in their order."
  value       = module.nginx.dns_hostnames
}

output "expected_bodies" {
  description = "What each port answers: the primary one, and the extra ones by their keys."
  value       = local.bodies
}
