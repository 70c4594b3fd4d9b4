# What the tests need of the module's outputs, the predecessor's or this one's.

output "service_arn" {
  description = "ARN of the ECS service."
  value       = module.httpd.service_arn
}

output "service_name" {
  description = "Name of the ECS service."
  value       = module.httpd.service_name
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.httpd.cluster_name
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = module.httpd.load_balancer_arn
}

output "ssl_listener_arn" {
  description = "ARN of the HTTPS listener; null on an NLB. Rules of your own may have any priority but 99."
  value       = module.httpd.ssl_listener_arn
}

output "target_group_arn" {
  description = "ARN of the primary target group."
  value       = module.httpd.target_group_arn
}

output "extra_target_groups" {
  description = "The extra target groups with their listeners, by the keys of extra_target_groups."
  value       = module.httpd.extra_target_groups
}

output "dns_hostnames" {
  description = "Full names of dns_names, in their order."
  value       = module.httpd.dns_hostnames
}

output "expected_bodies" {
  description = "What each target group answers, by its key."
  value       = { for name, site in local.sites : name => site.body if var.lb_type == "alb" || name == "primary" }
}
