# What the test needs of the module's outputs and of what is around it.

output "service_arn" {
  description = "ARN of the ECS service."
  value       = module.app.service_arn
}

output "service_name" {
  description = "Name of the ECS service."
  value       = module.app.service_name
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.app.cluster_name
}

output "task_execution_role_name" {
  description = "Name of the role in which ECS starts the tasks."
  value       = module.app.task_execution_role_name
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = module.app.load_balancer_arn
}

output "ssl_listener_arn" {
  description = "ARN of the HTTPS listener; null on an NLB. Rules of your own may have any priority but 99."
  value       = module.app.ssl_listener_arn
}

output "target_group_arn" {
  description = "ARN of the primary target group."
  value       = module.app.target_group_arn
}

output "extra_target_groups" {
  description = "The extra target groups with their listeners, by the keys of extra_target_groups."
  value       = module.app.extra_target_groups
}

output "dns_hostnames" {
  description = "Full names of dns_names, in their order."
  value       = module.app.dns_hostnames
}

output "cloudwatch_log_group_name" {
  description = "Name of the log group with the containers' output; null without CloudWatch logs."
  value       = module.app.cloudwatch_log_group_name
}

output "access_log_bucket_name" {
  description = "Name of the bucket with the load balancer's access logs; null on an NLB."
  value       = module.app.access_log_bucket_name
}

output "alb_access_log_glue_database" {
  description = "Glue database of the access logs; null without alb_access_log_athena_enabled."
  value       = module.app.alb_access_log_glue_database
}

output "alb_access_log_glue_table" {
  description = "Glue table of the access logs; null without alb_access_log_athena_enabled."
  value       = module.app.alb_access_log_glue_table
}

output "athena_workgroup" {
  description = "Athena workgroup that queries the access logs; null without alb_access_log_athena_enabled."
  value       = module.app.athena_workgroup
}

output "athena_results_bucket" {
  description = "Bucket with the results of the queries; null without alb_access_log_athena_enabled."
  value       = module.app.athena_results_bucket
}

output "expected_bodies" {
  description = "What each listener answers: the primary one, and the extra ones by their keys."
  value       = { primary = local.bodies.primary, sticky = local.bodies.primary, encrypted = local.bodies.encrypted }
}

output "expected_files" {
  description = "What else is served: the values of the secrets, and what cloud-init wrote."
  value = {
    "secrets.txt"   = "${local.secrets.database_password} ${local.secrets.api_token}"
    "host/file.txt" = "a file of cloud-init"
    "host/user.txt" = "deployer"
  }
}

output "on_call_topic_arn" {
  description = "ARN of the topic that the module tells of alarms beside its own."
  value       = aws_sns_topic.on_call.arn
}

output "zone_id" {
  description = "Id of the zone of the host names."
  value       = var.zone_id
}

output "extra_policy_arn" {
  description = "ARN of the policy that the execution role has besides its own."
  value       = aws_iam_policy.extra.arn
}

output "logs_key_arn" {
  description = "ARN of the key of the log groups."
  value       = aws_kms_key.logs.arn
}
