# The cluster, its capacity, the task definition and the service.

resource "aws_ecs_cluster" "this" {
  name = var.service_name
  tags = local.tags

  setting {
    name  = "containerInsights"
    value = var.enable_container_insights ? "enabled" : "disabled"
  }

  # Without it Container Insights creates the group, and keeps its events forever.
  depends_on = [aws_cloudwatch_log_group.container_insights]
}

resource "aws_ecs_capacity_provider" "this" {
  # ECS reserves names that begin with aws, ecs or fargate. The name must be known
  # in the plan, or the provider can't plan the service.
  name = "cp-${var.service_name}"
  tags = local.tags

  auto_scaling_group_provider {
    auto_scaling_group_arn         = module.instances.asg_arn
    managed_draining               = var.managed_draining ? "ENABLED" : "DISABLED"
    managed_termination_protection = var.managed_termination_protection ? "ENABLED" : "DISABLED"

    managed_scaling {
      status          = "ENABLED"
      target_capacity = 100
    }
  }

  # One that moved in keeps its name.
  lifecycle {
    ignore_changes = [name]
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = [aws_ecs_capacity_provider.this.name]

  default_capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.this.name
    base              = 1
    weight            = 100
  }

  # Its arguments are names, which a new cluster or provider does not change.
  lifecycle {
    replace_triggered_by = [aws_ecs_cluster.this.id, aws_ecs_capacity_provider.this.id]
  }
}

locals {
  # One mapping for each port and protocol of the container, however many target
  # groups lead there. The order depends on the ports alone, so that renaming an
  # entry makes no new task definition.
  mapped_ports = sort(distinct(concat(
    [format("%05d/tcp", var.container_port)],
    keys(local.host_ports),
  )))

  # Host ports by mapping. Entries with one container port have the same host port.
  host_ports = {
    for entry in local.extra_target_groups :
    format("%05d/%s", entry.container_port, entry.protocol == "UDP" ? "udp" : "tcp") => entry.host_port...
  }

  container_definition = {
    for key, value in {
      name              = var.service_name
      image             = var.docker_image
      essential         = true
      cpu               = var.container_cpu
      memory            = var.container_memory
      memoryReservation = var.container_memory_reservation
      command           = length(coalesce(var.container_command, [])) > 0 ? var.container_command : null
      # ECS drops those without a value, and a plan that has them never ends.
      environment = [for variable in var.task_environment_variables : variable if try(length(variable.value) > 0, false)]
      secrets     = var.task_secrets
      # Host port 0: Docker picks a free one, so tasks share an instance.
      portMappings = [
        for port in local.mapped_ports : {
          containerPort = tonumber(split("/", port)[0])
          hostPort      = coalesce(try(local.host_ports[port][0], null), 0)
          protocol      = split("/", port)[1]
        }
      ]
      mountPoints = concat(
        [for name, volume in var.task_efs_volumes : { sourceVolume = name, containerPath = volume.container_path, readOnly = false }],
        [for name, volume in var.task_local_volumes : { sourceVolume = name, containerPath = volume.container_path, readOnly = false }],
      )
      dockerSecurityOptions = length(coalesce(var.dockerSecurityOptions, [])) > 0 ? sort(distinct(var.dockerSecurityOptions)) : null
      resourceRequirements  = var.gpu_count > 0 ? [{ type = "GPU", value = tostring(var.gpu_count) }] : null
      healthCheck = var.container_healthcheck_command == null ? null : {
        command  = ["CMD-SHELL", var.container_healthcheck_command]
        interval = var.container_healthcheck_interval
        timeout  = var.container_healthcheck_timeout
        retries  = 3
      }
      logConfiguration = var.enable_cloudwatch_logs ? {
        logDriver = "awslogs"
        # Without a prefix a stream has the id that Docker gives the container.
        options = {
          awslogs-group  = aws_cloudwatch_log_group.this["ecs"].name
          awslogs-region = local.region
        }
      } : null
    } : key => value if value != null
  }
}

locals {
  # The ports of the container itself that the health check's command names, as in
  # http://localhost:8080/ or nc -z localhost 8080; a URL without a port means its
  # scheme's. A port that only the shell knows, such as $PORT, is none of them.
  asked_in_container = regexall(
    "(?:(https?)://)?(?:\\blocalhost|\\b127\\.0\\.0\\.1|\\[::1\\])(?:[: ]([0-9]+))?(?:[/?#\\s;&|)'\"]|$)",
    coalesce(var.container_healthcheck_command, "none")
  )
  healthcheck_ports = distinct([
    for asked in local.asked_in_container : coalesce(asked[1], asked[0] == "https" ? "443" : "80") if asked[0] != null || asked[1] != null
  ])
  unmapped_healthcheck_ports = [
    for port in local.healthcheck_ports : port if !contains(local.mapped_ports, format("%05d/tcp", port))
  ]
}

check "container_healthcheck_command" {
  assert {
    condition = length(local.unmapped_healthcheck_ports) == 0
    error_message = join(" ", [
      "container_healthcheck_command ${jsonencode(var.container_healthcheck_command)} asks port ${join(", ", local.unmapped_healthcheck_ports)},",
      "but the container's ports are ${join(", ", [for port in local.mapped_ports : tonumber(split("/", port)[0])])}.",
      "If nothing listens there, ECS stops every task: ask one of the container's ports, or set null to leave the checks to the load balancer.",
    ])
  }
}

locals {
  ambiguous_volumes     = setintersection(keys(var.task_efs_volumes), keys(var.task_local_volumes))
  ambiguous_environment = setintersection(var.task_environment_variables[*].name, var.task_secrets[*].name)
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.service_name
  network_mode             = "bridge"
  requires_compatibilities = ["EC2"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = var.task_role_arn
  ipc_mode                 = var.task_ipc_mode
  container_definitions    = jsonencode([local.container_definition])
  tags                     = local.tags

  dynamic "volume" {
    for_each = var.task_efs_volumes

    content {
      name = volume.key

      efs_volume_configuration {
        file_system_id     = volume.value.file_system_id
        transit_encryption = "ENABLED"
      }
    }
  }

  dynamic "volume" {
    for_each = var.task_local_volumes

    content {
      name      = volume.key
      host_path = volume.value.host_path
    }
  }
}

resource "aws_ecs_service" "this" {
  name            = var.service_name
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = var.task_desired_count

  deployment_minimum_healthy_percent = var.deployment_minimum_healthy_percent
  deployment_maximum_percent         = var.deployment_maximum_percent
  health_check_grace_period_seconds  = var.service_health_check_grace_period_seconds
  availability_zone_rebalancing      = "DISABLED"

  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"
  wait_for_steady_state   = var.wait_for_steady_state
  # A service that is destroyed takes its tasks along, whatever their number.
  force_delete = true
  tags         = local.tags

  capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.this.name
    base              = 1
    weight            = 100
  }

  ordered_placement_strategy {
    type  = "spread"
    field = "attribute:ecs.availability-zone"
  }

  ordered_placement_strategy {
    type  = "spread"
    field = "instanceId"
  }

  deployment_circuit_breaker {
    enable   = var.enable_deployment_circuit_breaker
    rollback = var.enable_deployment_circuit_breaker
  }

  dynamic "alarms" {
    for_each = var.deployment_alarms == null ? [] : [var.deployment_alarms]

    content {
      enable      = alarms.value.enable
      rollback    = alarms.value.rollback
      alarm_names = concat(local.target_alarms, alarms.value.alarm_names)
    }
  }

  load_balancer {
    target_group_arn = local.target_group_arn
    container_name   = var.service_name
    container_port   = var.container_port
  }

  dynamic "load_balancer" {
    for_each = local.extra_target_groups

    content {
      target_group_arn = aws_lb_target_group.extra[load_balancer.key].arn
      container_name   = var.service_name
      container_port   = load_balancer.value.container_port
    }
  }

  # A block without a duration would be a change of the service.
  dynamic "timeouts" {
    for_each = length([for duration in values(var.service_timeouts) : duration if duration != null]) > 0 ? [var.service_timeouts] : []

    content {
      create = timeouts.value.create
      update = timeouts.value.update
      delete = timeouts.value.delete
    }
  }

  lifecycle {
    # Auto scaling moves it.
    ignore_changes = [desired_count]
    # A capacity provider can't leave its cluster while a service uses it.
    replace_triggered_by = [aws_ecs_cluster_capacity_providers.this.id]

    # To provider 5 a service that was rolled back is as steady as any other.
    postcondition {
      condition = !var.wait_for_steady_state || self.task_definition == aws_ecs_task_definition.this.arn
      error_message = join(" ", [
        "ECS rolled ${var.service_name} back to ${self.task_definition}: the deployment of ${aws_ecs_task_definition.this.arn} failed.",
        "Its events say why: aws ecs describe-services --cluster ${aws_ecs_cluster.this.name} --services ${var.service_name}",
        "--query 'services[0].events[:10].message'",
      ])
    }
  }

  # What must be there before the first task, and stay until the last one:
  # - the listeners, or ECS refuses the target groups (those of an ALB itself are
  #   waited for by local.target_group_arn);
  # - the capacity provider's place in the cluster, or there is no capacity;
  # - the execution role's permissions, or no task starts.
  depends_on = [
    aws_lb_listener.extra,
    aws_vpc_security_group_ingress_rule.extra_backend,
    aws_vpc_security_group_egress_rule.extra_backend,
    aws_ecs_cluster_capacity_providers.this,
    aws_iam_role_policy.execution,
    aws_iam_role_policy_attachment.execution_extra,
  ]
}
