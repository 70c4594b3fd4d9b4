# Rules that depend on more than one variable, or on what AWS knows: all that
# would fail an apply, or leave a service that can't work, is refused in the plan.

locals {
  lb_type = lower(var.lb_type)

  primary_listener_ports = local.is_alb ? [80, 443] : [var.container_port]
  known_protocols        = local.is_alb ? ["HTTP", "HTTPS"] : ["TCP", "TLS", "UDP"]
  stickiness_types       = local.is_alb ? ["lb_cookie", "app_cookie"] : ["source_ip"]

  # What an NLB's listeners may lead to.
  nlb_targets = { TCP = ["TCP"], TLS = ["TCP", "TLS"], UDP = ["UDP"] }

  extra_on_primary_ports = [
    for key, entry in local.extra_target_groups : "\"${key}\" has listener_port ${entry.listener_port}"
    if contains(local.primary_listener_ports, entry.listener_port)
  ]
  extra_with_wrong_protocol = [
    for key, entry in local.extra_target_groups : "\"${key}\" has protocol ${entry.protocol} and listener_protocol ${entry.listener_protocol}"
    if !contains(local.known_protocols, entry.protocol) || !contains(local.known_protocols, entry.listener_protocol)
  ]
  extra_with_wrong_pair = [
    for key, entry in local.extra_target_groups : "\"${key}\" has protocol ${entry.protocol} behind a ${entry.listener_protocol} listener"
    if !local.is_alb && contains(keys(local.nlb_targets), entry.listener_protocol) && !contains(lookup(local.nlb_targets, entry.listener_protocol, []), entry.protocol)
  ]
  extra_without_certificate = [
    for key, entry in local.extra_target_groups : "\"${key}\""
    if !local.is_alb && entry.listener_protocol == "TLS" && entry.certificate_arn == null
  ]
  extra_with_alb_attributes = flatten([
    for key, entry in var.extra_target_groups : [
      for name, value in {
        protocol_version              = entry.protocol_version
        slow_start                    = entry.slow_start
        load_balancing_algorithm_type = entry.load_balancing_algorithm_type
      } : "\"${key}\" has ${name} ${value}" if value != null
    ] if !local.is_alb
  ])
  extra_with_wrong_stickiness = [
    for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.stickiness.type}"
    if try(entry.stickiness.type, null) == null ? false : !contains(local.stickiness_types, entry.stickiness.type)
  ]
  extra_with_tls_stickiness = [
    for key, entry in local.extra_target_groups : "\"${key}\" has protocol ${entry.protocol} behind a ${entry.listener_protocol} listener"
    if !local.is_alb && contains([entry.protocol, entry.listener_protocol], "TLS") && try(entry.stickiness.enabled, false)
  ]
  extra_with_idle_matcher = [
    for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.health_check.matcher}"
    if !local.is_alb && entry.health_check.matcher != null && entry.health_check.path == null
  ]
  extra_with_foreign_certificate = [
    for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.certificate_arn}"
    if entry.certificate_arn == null ? false : !contains(["", local.region], split(":", entry.certificate_arn)[3])
  ]
  extra_udp_without_check = [
    for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.health_check.port}"
    if entry.protocol == "UDP" && entry.health_check.port == "traffic-port"
  ]

  # Of the user data as it was before base64, which makes four characters of three
  # bytes and fills up with "=".
  user_data_bytes = length(local.user_data) / 4 * 3 - (length(local.user_data) - length(trimsuffix(trimsuffix(local.user_data, "="), "=")))
}

resource "terraform_data" "validations" {
  lifecycle {
    # extra_target_groups on the load balancer that there is.

    precondition {
      condition     = length(local.extra_on_primary_ports) == 0
      error_message = "extra_target_groups: ${join(" and ", local.primary_listener_ports)} ${local.is_alb ? "are" : "is"} taken by the ${local.lb_type}'s own listeners, give another port: ${join(", ", local.extra_on_primary_ports)}."
    }

    precondition {
      condition     = length(local.extra_with_wrong_protocol) == 0
      error_message = "extra_target_groups: with lb_type ${local.lb_type}, protocol and listener_protocol must be ${join(" or ", local.known_protocols)}: ${join(", ", local.extra_with_wrong_protocol)}."
    }

    precondition {
      condition     = length(local.extra_with_wrong_pair) == 0
      error_message = "extra_target_groups: on an NLB a TCP listener leads to TCP, a TLS one to TCP or TLS, a UDP one to UDP: ${join(", ", local.extra_with_wrong_pair)}."
    }

    precondition {
      condition     = length(local.extra_without_certificate) == 0
      error_message = "extra_target_groups: a TLS listener needs certificate_arn, since an NLB has no certificate of the module's own: ${join(", ", local.extra_without_certificate)}."
    }

    precondition {
      condition     = length(local.extra_with_alb_attributes) == 0
      error_message = "extra_target_groups: protocol_version, slow_start and load_balancing_algorithm_type are of an ALB only: ${join(", ", local.extra_with_alb_attributes)}."
    }

    precondition {
      condition     = length(local.extra_with_wrong_stickiness) == 0
      error_message = "extra_target_groups: with lb_type ${local.lb_type}, stickiness.type must be ${join(" or ", local.stickiness_types)}: ${join(", ", local.extra_with_wrong_stickiness)}."
    }

    precondition {
      condition     = length(local.extra_with_tls_stickiness) == 0
      error_message = "extra_target_groups: an NLB keeps no client at its target by TLS, so leave stickiness out: ${join(", ", local.extra_with_tls_stickiness)}."
    }

    precondition {
      condition     = length(local.extra_with_idle_matcher) == 0
      error_message = "extra_target_groups: on an NLB health_check.matcher needs health_check.path, since a check by TCP gets no codes: ${join(", ", local.extra_with_idle_matcher)}."
    }

    precondition {
      condition     = length(local.extra_with_foreign_certificate) == 0
      error_message = "extra_target_groups: certificate_arn must be of a certificate in ${local.region}, where the load balancer is: ${join(", ", local.extra_with_foreign_certificate)}."
    }

    precondition {
      condition     = length(local.extra_udp_without_check) == 0
      error_message = "extra_target_groups: a UDP port can't be checked by itself, so health_check.port must name a TCP port that listens on every instance: ${join(", ", local.extra_udp_without_check)}."
    }

    # The load balancer and its names.

    precondition {
      condition     = local.is_alb ? length(var.load_balancer_subnets) >= 2 : true
      error_message = "load_balancer_subnets has ${length(var.load_balancer_subnets)} subnet: an ALB needs at least two, in different Availability Zones."
    }

    precondition {
      condition     = data.aws_subnet.instances.vpc_id == local.vpc_id
      error_message = "asg_subnets are in ${data.aws_subnet.instances.vpc_id}, load_balancer_subnets in ${local.vpc_id}: they must be in the same VPC."
    }

    precondition {
      condition     = local.is_alb ? length(var.dns_names) <= 5 : true
      error_message = "dns_names has ${length(var.dns_names)} names: the listener rule of an ALB takes at most 5."
    }

    precondition {
      condition     = local.is_alb ? length(local.primary_hostname) <= 64 : true
      error_message = "dns_names: ${local.primary_hostname} has ${length(local.primary_hostname)} characters, and the main name of a certificate at most 64: let a shorter name be the first one."
    }

    # TestPrivateZone shows this one, on localaws: private_zone is an argument too,
    # and a mock sets only what is none.
    precondition {
      condition     = !(local.is_alb && coalesce(data.aws_route53_zone.this.private_zone, false))
      error_message = "zone_id ${var.zone_id} is a private zone: ACM can't validate a certificate in it, give a public zone."
    }

    precondition {
      condition     = var.dns_routing_policy != "weighted" || var.dns_set_identifier != null
      error_message = "dns_routing_policy weighted needs dns_set_identifier, which tells the records of one name apart."
    }

    precondition {
      condition     = var.healthcheck_timeout < var.healthcheck_interval
      error_message = "healthcheck_timeout ${var.healthcheck_timeout} must be less than healthcheck_interval ${var.healthcheck_interval}."
    }

    precondition {
      condition     = local.is_alb || var.target_group_protocol == "HTTP"
      error_message = "target_group_protocol ${var.target_group_protocol} is of an ALB only: an NLB hands on TCP."
    }

    precondition {
      condition     = local.is_alb || var.load_balancing_algorithm_type == "round_robin"
      error_message = "load_balancing_algorithm_type ${var.load_balancing_algorithm_type} is of an ALB only."
    }

    precondition {
      condition     = local.is_alb || !var.alb_access_log_athena_enabled
      error_message = "alb_access_log_athena_enabled needs lb_type alb: an NLB has no access log bucket."
    }

    precondition {
      condition     = local.is_alb || var.replication_region == null
      error_message = "replication_region ${coalesce(var.replication_region, "null")} needs lb_type alb: an NLB has no access log bucket."
    }

    precondition {
      condition     = var.replication_region != local.region
      error_message = "replication_region ${coalesce(var.replication_region, "null")} is the region of the access logs themselves: give another one."
    }

    # The tasks and their scaling.

    precondition {
      condition     = var.task_min_count <= var.task_max_count
      error_message = "task_min_count ${var.task_min_count} must not be above task_max_count ${var.task_max_count}."
    }

    precondition {
      condition     = var.task_desired_count <= var.task_max_count
      error_message = "task_desired_count ${var.task_desired_count} must not be above task_max_count ${var.task_max_count}."
    }

    precondition {
      condition     = local.task_memory <= var.container_memory
      error_message = "container_memory_reservation ${local.task_memory} must not be above container_memory ${var.container_memory}."
    }

    precondition {
      condition     = var.deployment_maximum_percent > var.deployment_minimum_healthy_percent
      error_message = "deployment_maximum_percent ${var.deployment_maximum_percent} must be above deployment_minimum_healthy_percent ${var.deployment_minimum_healthy_percent}, or no deployment can replace a task."
    }

    precondition {
      condition     = var.autoscaling_metric == "ECSServiceAverageCPUUtilization" || var.autoscaling_target != null
      error_message = "autoscaling_metric ${var.autoscaling_metric} needs autoscaling_target: autoscaling_target_cpu_usage is a target of CPU."
    }

    precondition {
      condition     = local.is_alb || var.autoscaling_metric != "ALBRequestCountPerTarget"
      error_message = "autoscaling_metric ALBRequestCountPerTarget needs lb_type alb: an NLB counts no requests."
    }

    precondition {
      condition     = length(setintersection(keys(var.task_efs_volumes), keys(var.task_local_volumes))) == 0
      error_message = "task_efs_volumes and task_local_volumes both name ${join(", ", setintersection(keys(var.task_efs_volumes), keys(var.task_local_volumes)))}: a volume's name may stand once."
    }

    precondition {
      condition     = length(setintersection(var.task_environment_variables[*].name, var.task_secrets[*].name)) == 0
      error_message = "task_environment_variables and task_secrets both set ${join(", ", setintersection(var.task_environment_variables[*].name, var.task_secrets[*].name))}: a variable's name may stand once."
    }

    # The instances.

    precondition {
      condition     = module.sizing.min_size <= module.sizing.max_size
      error_message = "asg_min_size ${module.sizing.min_size} must not be above asg_max_size ${module.sizing.max_size}."
    }

    precondition {
      condition     = module.sizing.fits || var.gpu_count > local.instance_gpus
      error_message = "a task does not fit on a ${var.asg_instance_type}: it takes ${var.container_cpu} CPU units and ${local.task_memory} MiB, an instance has ${1024 * data.aws_ec2_instance_type.this.default_vcpus} CPU units and ${data.aws_ec2_instance_type.this.memory_size} MiB, of which daemons take ${local.daemon_memory} MiB. Give another asg_instance_type, or less to container_cpu or container_memory."
    }

    precondition {
      condition     = var.gpu_count <= local.instance_gpus
      error_message = "gpu_count ${var.gpu_count} needs an asg_instance_type with as many NVIDIA GPUs; ${var.asg_instance_type} has ${local.instance_gpus}."
    }

    precondition {
      condition     = var.gpu_count > 0 || var.gpu_capacity_reservation_id == null
      error_message = "gpu_capacity_reservation_id ${coalesce(var.gpu_capacity_reservation_id, "null")} needs gpu_count above 0."
    }

    precondition {
      condition     = contains(data.aws_ec2_instance_type.this.supported_architectures, data.aws_ami.this.architecture)
      error_message = "ami_id ${local.ami_id} is for ${data.aws_ami.this.architecture}, asg_instance_type ${var.asg_instance_type} runs ${join(", ", data.aws_ec2_instance_type.this.supported_architectures)}."
    }

    precondition {
      condition     = local.ami_volume_size == null ? true : var.root_volume_size >= local.ami_volume_size
      error_message = "root_volume_size ${var.root_volume_size} is less than the ${coalesce(local.ami_volume_size, 0)} GiB that the image ${local.ami_id} needs."
    }

    precondition {
      condition     = local.user_data_bytes <= 16384
      error_message = "extra_files, cloudinit_extra_commands and users make user data of ${local.user_data_bytes} bytes, and EC2 takes 16384: let a command fetch what is large."
    }

    # Logs.

    precondition {
      condition     = var.cloudwatch_log_kms_key_id == null ? true : split(":", var.cloudwatch_log_kms_key_id)[3] == local.region
      error_message = "cloudwatch_log_kms_key_id ${coalesce(var.cloudwatch_log_kms_key_id, "null")} is in another region than the log groups, which are in ${local.region}."
    }

    precondition {
      condition     = !var.enable_vector_agent || var.vector_agent_config != null || var.vector_aggregator_endpoint != null
      error_message = "enable_vector_agent needs vector_aggregator_endpoint, or a vector_agent_config that says where the logs go."
    }
  }
}

# Host ports are dynamic, so a health check on a fixed port asks something else
# than the container.
check "fixed_health_check_ports" {
  assert {
    condition     = alltrue([for entry in var.extra_target_groups : entry.health_check.port == "traffic-port"])
    error_message = "extra_target_groups: a fixed health_check.port fits only what listens on every instance, since the tasks' host ports are dynamic: ${join(", ", [for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.health_check.port}" if entry.health_check.port != "traffic-port"])}."
  }
}
