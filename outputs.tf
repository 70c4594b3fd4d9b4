# Rules that depend on more than one input, or on what AWS knows, are preconditions
# of the output that they concern. Rules about one input are in variables.tf, those
# about extra_target_groups in modules/extra-target-groups/rules.tf.

output "service_arn" {
  description = "ARN of the ECS service."
  value       = aws_ecs_service.this.id

  precondition {
    condition     = length(distinct([for key in keys(local.default_tags) : lower(key)])) == length(local.default_tags)
    error_message = "default_tags of the provider must not have keys that differ only in case, as IAM ignores it: ${join(", ", keys(local.default_tags))}."
  }

  precondition {
    condition = length(local.invalid_tags) == 0
    error_message = join(" ", [
      "tags must have keys of 1 to 128 and values of at most 256 characters: letters, digits, spaces and _ . : / = + - @, and no key that begins with aws:.",
      "That is not so for ${join(", ", local.invalid_tags)}, in tags, default_tags, environment, upstream_module or a vanta_ input.",
    ])
  }
}

output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name

  precondition {
    condition     = var.task_min_count <= var.task_max_count
    error_message = "task_min_count must not exceed task_max_count ${var.task_max_count}, but is ${var.task_min_count}."
  }

  precondition {
    condition     = var.task_desired_count <= var.task_max_count
    error_message = "task_desired_count must not exceed task_max_count ${var.task_max_count}, but is ${var.task_desired_count}."
  }

  precondition {
    condition     = local.task_memory <= var.container_memory
    error_message = "container_memory_reservation must not exceed container_memory ${var.container_memory}, but is ${local.task_memory}."
  }

  precondition {
    condition = var.deployment_maximum_percent > var.deployment_minimum_healthy_percent
    error_message = join(" ", [
      "deployment_maximum_percent ${var.deployment_maximum_percent} must exceed",
      "deployment_minimum_healthy_percent ${var.deployment_minimum_healthy_percent}, or a deployment can't replace tasks.",
    ])
  }

  # Provider 5 counts tasks, and those of a deployment that failed without a rollback run on.
  precondition {
    condition     = !var.wait_for_steady_state || try(var.deployment_alarms.rollback || !var.deployment_alarms.enable, true)
    error_message = "wait_for_steady_state can't tell that alarms have ended a deployment: set deployment_alarms.rollback = true, or don't wait."
  }

  precondition {
    condition     = var.autoscaling_metric == "ECSServiceAverageCPUUtilization" || var.autoscaling_target != null
    error_message = "autoscaling_target must be set with autoscaling_metric ${var.autoscaling_metric}: autoscaling_target_cpu_usage applies to CPU only."
  }

  precondition {
    condition     = local.is_alb || var.autoscaling_metric != "ALBRequestCountPerTarget"
    error_message = "autoscaling_metric ALBRequestCountPerTarget is supported only by ALBs: an NLB does not count requests."
  }

  precondition {
    condition     = length(local.ambiguous_volumes) == 0
    error_message = "task_efs_volumes and task_local_volumes must not share a name: both have ${join(", ", local.ambiguous_volumes)}."
  }

  precondition {
    condition     = length(local.ambiguous_environment) == 0
    error_message = "task_environment_variables and task_secrets must not share a name: both have ${join(", ", local.ambiguous_environment)}."
  }
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

  precondition {
    condition     = module.sizing.min_size <= module.sizing.max_size
    error_message = "asg_min_size must not exceed asg_max_size ${module.sizing.max_size}, but is ${module.sizing.min_size}."
  }

  precondition {
    condition = module.sizing.room_for_deployments
    error_message = join(" ", [
      "asg_max_size must be at least ${module.sizing.instances_to_deploy} with a host_port in extra_target_groups, not ${module.sizing.max_size}:",
      "an instance runs one task, and a deployment starts the next one before it stops one.",
    ])
  }

  precondition {
    condition = module.sizing.fits || var.gpu_count > local.instance_gpus
    error_message = join(" ", [
      "asg_instance_type ${var.asg_instance_type} is too small for a task.",
      "The task takes ${var.container_cpu} CPU units and ${local.task_memory} MiB.",
      "The instance has ${1024 * data.aws_ec2_instance_type.this.default_vcpus} CPU units",
      "and ${data.aws_ec2_instance_type.this.memory_size} MiB, of which daemons take ${local.daemon_memory} MiB.",
      "Choose a larger type, or reduce container_cpu or container_memory.",
    ])
  }

  precondition {
    condition     = var.gpu_count <= local.instance_gpus
    error_message = "gpu_count must not exceed the NVIDIA GPUs of asg_instance_type ${var.asg_instance_type}, ${local.instance_gpus}, but is ${var.gpu_count}."
  }

  precondition {
    condition     = var.gpu_count > 0 || var.gpu_capacity_reservation_id == null
    error_message = "gpu_capacity_reservation_id ${coalesce(var.gpu_capacity_reservation_id, "null")} needs a gpu_count above 0."
  }

  precondition {
    condition = contains(data.aws_ec2_instance_type.this.supported_architectures, data.aws_ami.this.architecture)
    error_message = join(" ", [
      "ami_id ${local.ami_id} is for ${data.aws_ami.this.architecture},",
      "but asg_instance_type ${var.asg_instance_type} supports ${join(", ", data.aws_ec2_instance_type.this.supported_architectures)}.",
    ])
  }

  precondition {
    condition     = local.ami_volume_size == null ? true : var.root_volume_size >= local.ami_volume_size
    error_message = "root_volume_size must be at least ${coalesce(local.ami_volume_size, 0)} GiB for the image ${local.ami_id}, not ${var.root_volume_size}."
  }

  precondition {
    condition = local.user_data_bytes <= 16384
    error_message = join(" ", [
      "extra_files, cloudinit_extra_commands and users make ${local.user_data_bytes} bytes of user data, but EC2 accepts 16384.",
      "Download large files by a command instead.",
    ])
  }
}

output "appautoscaling_target_resource_id" {
  description = "Resource id of the service in Application Auto Scaling, for policies of your own."
  value       = aws_appautoscaling_target.service.resource_id
}

output "backend_security_group" {
  description = "Security group of the instances: its id, and the ids of its rules by what they are for. The same stands under backend, as in 8.x."
  value = {
    id    = module.instances.security_group_id
    rules = local.backend_security_group_rules
    backend = {
      id    = module.instances.security_group_id
      rules = local.backend_security_group_rules
    }
  }
}

output "load_balancer_arn" {
  description = "ARN of the load balancer."
  value       = local.load_balancer_arn

  precondition {
    condition     = local.is_alb ? length(var.load_balancer_subnets) >= 2 : true
    error_message = "load_balancer_subnets must have at least 2 subnets for an ALB, in different Availability Zones, not ${length(var.load_balancer_subnets)}."
  }

  precondition {
    condition     = data.aws_subnet.instances.vpc_id == local.vpc_id
    error_message = "asg_subnets and load_balancer_subnets must be in one VPC, not ${data.aws_subnet.instances.vpc_id} and ${local.vpc_id}."
  }

  precondition {
    condition     = local.is_alb ? var.healthcheck_timeout < var.healthcheck_interval : true
    error_message = "healthcheck_timeout must be less than healthcheck_interval ${var.healthcheck_interval}, not ${var.healthcheck_timeout}."
  }

  # An NLB's may be equal, which the API's page does not rule out.
  precondition {
    condition     = local.is_alb ? true : var.healthcheck_timeout <= var.healthcheck_interval
    error_message = "healthcheck_timeout must not exceed healthcheck_interval ${var.healthcheck_interval} on an NLB, but is ${var.healthcheck_timeout}."
  }

  precondition {
    condition     = local.is_alb || var.target_group_protocol == "HTTP"
    error_message = "target_group_protocol ${var.target_group_protocol} is supported only by ALBs: the NLB forwards TCP."
  }

  precondition {
    condition     = local.is_alb || var.load_balancing_algorithm_type == "round_robin"
    error_message = "load_balancing_algorithm_type ${var.load_balancing_algorithm_type} is supported only by ALBs."
  }
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
  # Before, ECS would refuse it.
  depends_on = [aws_lb_listener.extra]
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
      listener_arn            = aws_lb_listener.extra[local.listener_keys[tostring(entry.listener_port)]].arn
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
  value       = [for name in var.dns_names : local.hostnames[lower(name)]]

  precondition {
    condition     = local.is_alb ? length(var.dns_names) <= 5 : true
    error_message = "dns_names must have at most 5 names for an ALB, whose listener rule takes no more, not ${length(var.dns_names)}."
  }

  precondition {
    condition = length(local.hostnames_with_underscore) == 0
    error_message = join(" ", [
      "dns_names must not have underscores behind an ALB, as its certificate and its listener rule have none: ${join(", ", local.hostnames_with_underscore)}.",
      "Use hyphens, or an NLB.",
    ])
  }

  precondition {
    condition     = local.is_alb ? length(local.primary_hostname) <= 64 : true
    error_message = "dns_names[0] must make a host name of at most 64 characters, as a certificate requires: ${local.primary_hostname} is too long."
  }

  # TestPrivateZone shows this one, on localaws: private_zone is an argument too,
  # and a mock sets only what is none.
  precondition {
    condition     = !(local.is_alb && coalesce(data.aws_route53_zone.this.private_zone, false))
    error_message = "zone_id must be a public zone, in which ACM can validate a certificate: ${var.zone_id} is private."
  }

  precondition {
    condition     = var.dns_routing_policy != "weighted" || var.dns_set_identifier != null
    error_message = "dns_set_identifier must be set with dns_routing_policy weighted: it distinguishes the records of one name."
  }
}

output "cloudwatch_log_group_name" {
  description = "Name of the log group with the containers' output; null without CloudWatch logs."
  value       = try(aws_cloudwatch_log_group.this["ecs"].name, null)
}

output "cloudwatch_log_group_names" {
  description = "Names of the log groups by what they hold: ecs, syslog and dmesg. Empty without CloudWatch logs."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }

  precondition {
    condition     = var.cloudwatch_log_kms_key_id == null ? true : split(":", var.cloudwatch_log_kms_key_id)[3] == local.region
    error_message = "cloudwatch_log_kms_key_id must be in the log groups' region ${local.region}, not ${coalesce(var.cloudwatch_log_kms_key_id, "null")}."
  }

  precondition {
    condition     = !var.enable_vector_agent || var.vector_agent_config != null || var.vector_aggregator_endpoint != null
    error_message = "vector_aggregator_endpoint, or a vector_agent_config with a sink, must be set with enable_vector_agent."
  }
}

output "access_log_bucket_name" {
  description = "Name of the bucket with the load balancer's access logs; null on an NLB."
  value       = local.is_alb ? module.website_pod[0].access_log_bucket_name : null

  precondition {
    condition     = local.is_alb || !var.alb_access_log_athena_enabled
    error_message = "alb_access_log_athena_enabled is supported only by ALBs: the NLB has no access log bucket."
  }

  precondition {
    condition     = local.is_alb || var.replication_region == null
    error_message = "replication_region ${coalesce(var.replication_region, "null")} is supported only by ALBs: the NLB has no access log bucket."
  }

  precondition {
    condition     = var.replication_region != local.region
    error_message = "replication_region must not be ${coalesce(var.replication_region, "null")}, the region of the access logs themselves."
  }
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
