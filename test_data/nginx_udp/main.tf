# nginx behind a network load balancer: web pages on the primary listener, and an extra
# one that answers datagrams. UDP needs a fixed host port, so a task has an instance of
# its own.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = var.tags
  }

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]

    content {
      role_arn = assume_role.value
    }
  }
}

locals {
  bodies = {
    primary = "the pages of ${var.service_name}"
    syslog  = "${var.service_name} has heard it"
    checked = "what tells whether ${var.service_name} hears"
  }
  # The image's own configuration serves its pages on port 80 and has no stream.
  configuration = {
    "/etc/nginx/conf.d/default.conf" = "server { listen 80; return 200 '${local.bodies.primary}'; }"
    "/etc/nginx/conf.d/checked.conf" = "server { listen 8081; return 200 '${local.bodies.checked}'; }"
    "/etc/nginx/nginx.conf"          = "stream { server { listen 5140 udp; return '${local.bodies.syslog}'; } }"
  }
  configure = [
    for file, text in local.configuration : "echo \"${text}\" ${file == "/etc/nginx/nginx.conf" ? ">>" : ">"} ${file}"
  ]
}

module "nginx" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  lb_type               = "nlb"
  service_name          = var.service_name
  environment           = "test"
  docker_image          = "public.ecr.aws/docker/library/nginx:1.29"
  container_port        = 80
  container_command     = ["sh", "-c", join(" && ", concat(local.configure, ["exec nginx -g 'daemon off;'"]))]
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = var.zone_id
  dns_names             = [var.service_name]
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags

  container_healthcheck_command = "test -s /etc/nginx/conf.d/checked.conf"
  task_desired_count            = 2
  task_min_count                = 2
  task_max_count                = 2

  cloudwatch_log_group_retention            = 1
  service_health_check_grace_period_seconds = 60

  extra_target_groups = {
    syslog = {
      listener_port        = 514
      container_port       = 5140
      host_port            = 514
      protocol             = "UDP"
      deregistration_delay = 10
      health_check = {
        port     = 8081
        interval = 10
      }
    }
    checked = {
      listener_port        = 8081
      container_port       = 8081
      host_port            = 8081
      protocol             = "TCP"
      deregistration_delay = 10
      health_check = {
        interval = 10
      }
    }
  }
}
