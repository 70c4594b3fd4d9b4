output "service_arn" {
  description = "ARN of the ECS service."
  value       = aws_ecs_service.this.id
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "task_definition_arn" {
  description = "ARN of the task definition, with its revision."
  value       = aws_ecs_task_definition.this.arn
}

output "task_execution_role_name" {
  description = "Name of the role in which ECS starts the tasks."
  value       = aws_iam_role.execution.name
}

output "task_execution_role_arn" {
  description = "ARN of the role in which ECS starts the tasks."
  value       = aws_iam_role.execution.arn
}

output "asg_arn" {
  description = "ARN of the Auto Scaling group."
  value       = module.instances.asg_arn
}

output "asg_name" {
  description = "Name of the Auto Scaling group."
  value       = module.instances.asg_name
}

output "appautoscaling_target_resource_id" {
  description = "Resource id of the service in Application Auto Scaling, for policies of your own."
  value       = aws_appautoscaling_target.service.resource_id
}

output "backend_security_group" {
  description = "Security group of the instances: its id, and the ids of its rules by what they are for."
  value = {
    id = module.instances.security_group_id
    rules = merge(
      module.instances.security_group_rules,
      { for key, rule in aws_vpc_security_group_ingress_rule.extra_backend : key => rule.security_group_rule_id },
    )
  }
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = local.load_balancer_arn
}

output "load_balancer_arn_suffix" {
  description = "Load balancer as metrics name it: app/name/id, or net/name/id."
  value       = local.load_balancer_arn_suffix
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer."
  value       = local.load_balancer_dns_name
}

output "load_balancer_security_groups" {
  description = "Ids of the load balancer's security groups."
  value       = [local.load_balancer_security_group_id]
}

output "ssl_listener_arn" {
  description = "ARN of the HTTPS listener; null on an NLB. Rules of your own may have any priority but 99."
  value       = local.is_alb ? module.website_pod[0].ssl_listener_arn : null
}

output "target_group_arn" {
  description = "ARN of the primary target group."
  value       = local.target_group_arn
}

output "target_group_arn_suffix" {
  description = "Primary target group as metrics name it: targetgroup/name/id."
  value       = local.target_group_arn_suffix
}

output "extra_target_group_arns" {
  description = "ARNs of the extra target groups by the keys of extra_target_groups."
  value       = { for key, target_group in aws_lb_target_group.extra : key => target_group.arn }
}

output "extra_target_groups" {
  description = "The extra target groups with their listeners, by the keys of extra_target_groups."
  value = {
    for key, entry in local.extra_target_groups : key => {
      target_group_arn        = aws_lb_target_group.extra[key].arn
      target_group_arn_suffix = aws_lb_target_group.extra[key].arn_suffix
      target_group_name       = aws_lb_target_group.extra[key].name
      listener_arn            = aws_lb_listener.extra[tostring(entry.listener_port)].arn
      listener_port           = entry.listener_port
      container_port          = entry.container_port
      url                     = "${lower(entry.listener_protocol)}://${local.primary_hostname}:${entry.listener_port}"
    }
  }
}

output "acm_certificate_arn" {
  description = "ARN of the certificate of dns_names; null on an NLB."
  value       = local.certificate_arn
}

output "dns_hostnames" {
  description = "Full names of dns_names, in their order."
  value       = [for name in var.dns_names : local.hostnames[name]]
}

output "cloudwatch_log_group_name" {
  description = "Name of the log group with the containers' output; null without CloudWatch logs."
  value       = try(aws_cloudwatch_log_group.this["ecs"].name, null)
}

output "cloudwatch_log_group_names" {
  description = "Names of the log groups by what they hold: ecs, syslog and dmesg. Empty without CloudWatch logs."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }
}

output "access_log_bucket_name" {
  description = "Name of the bucket with the load balancer's access logs; null on an NLB."
  value       = local.is_alb ? module.website_pod[0].access_log_bucket_name : null
}

output "gpu_metrics_namespace" {
  description = "CloudWatch namespace of the GPUs' load; null without GPUs."
  value       = local.gpu_metrics_namespace
}

output "access_log_replica_bucket_name" {
  description = "Name of the access logs' replica in replication_region; null without one."
  value       = one(module.access_log_replica[*].bucket_name)
}

output "alb_access_log_glue_database" {
  description = "Glue database of the access logs; null without alb_access_log_athena_enabled."
  value       = one(module.access_log_query[*].database_name)
}

output "alb_access_log_glue_table" {
  description = "Glue table of the access logs; null without alb_access_log_athena_enabled."
  value       = one(module.access_log_query[*].table_name)
}

output "athena_workgroup" {
  description = "Athena workgroup that queries the access logs; null without alb_access_log_athena_enabled."
  value       = one(module.access_log_query[*].workgroup_name)
}

output "athena_results_bucket" {
  description = "Bucket with the results of the queries; null without alb_access_log_athena_enabled."
  value       = one(module.access_log_query[*].results_bucket_name)
}
