# What a service of the published module consists of: its addresses, names, and
# attributes, as far as a move depends on them. Nothing here is an example to follow.

terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.100, < 7.0"
      configuration_aliases = [aws.dns]
    }
  }
}

locals {
  is_alb         = var.lb_type == "alb"
  log_group_name = coalesce(var.cloudwatch_log_group, "/ecs/${var.environment}/${var.service_name}")
  account        = data.aws_caller_identity.current.account_id
  region         = split(":", data.aws_subnet.load_balancer.arn)[3]
  tags = merge(var.tags, {
    service               = var.service_name
    environment           = var.environment
    account               = local.account
    created_by_module     = "infrahouse/ecs/aws"
    VantaContainsEPHI     = "false"
    VantaContainsUserData = "false"
    VantaNonProd          = "true"
  })
  pod_tags = merge(local.tags, {
    Name              = var.service_name
    AmazonECSManaged  = "true"
    created_by_module = "infrahouse/website-pod/aws"
    parent_module     = "infrahouse/ecs/aws"
    upstream_module   = "infrahouse/ecs/aws"
  })
  target_group_arn  = local.is_alb ? module.pod[0].target_group_arn : module.tcp-pod[0].target_group_arn
  load_balancer_arn = local.is_alb ? module.pod[0].load_balancer_arn : module.tcp-pod[0].load_balancer_arn
  lb_security_group = local.is_alb ? module.pod[0].security_group_id : module.tcp-pod[0].security_group_id
  asg_arn           = local.is_alb ? module.pod[0].asg_arn : module.tcp-pod[0].asg_arn
  backend           = local.is_alb ? module.pod[0].backend_security_group_id : module.tcp-pod[0].backend_security_group_id
  instance_role     = local.is_alb ? module.pod[0].instance_role_name : module.tcp-pod[0].instance_role_name

  container_ports = distinct(concat([var.container_port], [for entry in var.extra_target_groups : entry.container_port]))
}

data "aws_caller_identity" "current" {}

data "aws_subnet" "load_balancer" {
  id = var.load_balancer_subnets[0]
}

data "aws_vpc" "this" {
  id = data.aws_subnet.load_balancer.vpc_id
}

data "aws_route53_zone" "this" {
  provider = aws.dns
  zone_id  = var.zone_id
}

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
}

resource "aws_ecs_cluster" "ecs" {
  name = var.service_name
  tags = merge(local.tags, { module_version = "7.8.0" })

  setting {
    name  = "containerInsights"
    value = var.enable_container_insights ? "enabled" : "disabled"
  }
}

resource "aws_ecs_capacity_provider" "ecs" {
  name = var.service_name
  tags = local.tags

  auto_scaling_group_provider {
    auto_scaling_group_arn         = local.asg_arn
    managed_draining               = "ENABLED"
    managed_termination_protection = "ENABLED"

    managed_scaling {
      instance_warmup_period    = 300
      maximum_scaling_step_size = 10
      minimum_scaling_step_size = 1
      status                    = "ENABLED"
      target_capacity           = 100
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "ecs" {
  cluster_name       = aws_ecs_cluster.ecs.name
  capacity_providers = [aws_ecs_capacity_provider.ecs.name]

  default_capacity_provider_strategy {
    base              = 1
    weight            = 100
    capacity_provider = aws_ecs_capacity_provider.ecs.name
  }
}

resource "aws_ecs_task_definition" "ecs" {
  family             = var.service_name
  network_mode       = "bridge"
  execution_role_arn = aws_iam_role.ecs_task_execution_role.arn
  tags               = local.tags

  container_definitions = jsonencode([{
    name      = var.service_name
    image     = var.docker_image
    essential = true
    cpu       = 200
    memory    = 128
    command   = var.container_command
    portMappings = [
      for port in local.container_ports : { containerPort = port, hostPort = 0, protocol = "tcp" }
    ]
    healthCheck = {
      command  = ["CMD-SHELL", var.container_healthcheck_command]
      interval = 30
      timeout  = 5
      retries  = 3
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group  = aws_cloudwatch_log_group.ecs[0].name
        awslogs-region = local.region
      }
    }
  }])
}

resource "aws_ecs_service" "ecs" {
  name                               = var.service_name
  cluster                            = aws_ecs_cluster.ecs.id
  task_definition                    = aws_ecs_task_definition.ecs.arn
  desired_count                      = var.task_desired_count
  deployment_maximum_percent         = 200
  deployment_minimum_healthy_percent = 100
  tags                               = local.tags

  capacity_provider_strategy {
    base              = 1
    weight            = 100
    capacity_provider = aws_ecs_capacity_provider.ecs.name
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  load_balancer {
    target_group_arn = local.target_group_arn
    container_name   = var.service_name
    container_port   = var.container_port
  }

  dynamic "load_balancer" {
    for_each = var.extra_target_groups

    content {
      target_group_arn = aws_lb_target_group.extra[load_balancer.key].arn
      container_name   = var.service_name
      container_port   = load_balancer.value.container_port
    }
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_lb_listener.extra, aws_ecs_cluster_capacity_providers.ecs, aws_iam_role_policy_attachment.ecs_instance_role, module.pod, module.tcp-pod,
  ]
}

resource "aws_appautoscaling_target" "ecs_target" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.ecs.name}/${aws_ecs_service.ecs.name}"
  min_capacity       = var.task_min_count
  max_capacity       = var.task_max_count
}

resource "aws_appautoscaling_policy" "ecs_policy" {
  name               = "auto-scaling"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.ecs_target.service_namespace
  scalable_dimension = aws_appautoscaling_target.ecs_target.scalable_dimension
  resource_id        = aws_appautoscaling_target.ecs_target.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_cloudwatch_log_group" "ecs" {
  count             = 1
  name              = local.log_group_name
  retention_in_days = var.cloudwatch_log_group_retention
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "ecs_ec2_syslog" {
  count             = 1
  name              = "${local.log_group_name}-syslog"
  retention_in_days = var.cloudwatch_log_group_retention
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "ecs_ec2_dmesg" {
  count             = 1
  name              = "${local.log_group_name}-dmesg"
  retention_in_days = var.cloudwatch_log_group_retention
  tags              = local.tags
}

resource "aws_cloudwatch_log_group" "container_insights" {
  count             = var.enable_container_insights ? 1 : 0
  name              = "/aws/ecs/containerinsights/${var.service_name}/performance"
  retention_in_days = var.cloudwatch_log_group_retention
  tags              = local.tags
}

resource "aws_cloudwatch_event_rule" "failed_deployment_event_rule" {
  count = 1
  name  = "${var.service_name}-deployment-failure"
  tags  = local.tags

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Deployment State Change"]
    resources   = [aws_ecs_service.ecs.id]
    detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
  })
}

# Its topic is the caller's; here it is that of the alarms, or there would be none.
resource "aws_cloudwatch_event_target" "ecs_task_deployment_failure_sns" {
  count     = local.is_alb ? 1 : 0
  rule      = aws_cloudwatch_event_rule.failed_deployment_event_rule[0].name
  target_id = "SendToSNS"
  arn       = module.pod[0].topic_arn
}

# Terraform generates the key of the published module by tls_private_key.rsa, whose
# provider is none of this repository's. Nobody has the private half of this one.
resource "aws_key_pair" "ecs" {
  key_name_prefix = "${var.service_name}-"
  public_key      = var.public_key
  tags            = local.tags
}
