# Apache httpd with the primary listener alone: what a caller has who knows
# nothing of extra_target_groups.

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
  body = "the only site of ${var.service_name}"
}

module "httpd" {
  source = "../../"
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  service_name          = var.service_name
  environment           = "test"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  container_port        = 80
  container_command     = ["sh", "-c", "printf '%s' '${local.body}' > /usr/local/apache2/htdocs/index.html && exec httpd-foreground"]
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = var.zone_id
  dns_names             = [var.service_name]
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags

  # The image has no curl.
  container_healthcheck_command = "test -s /usr/local/apache2/logs/httpd.pid"

  cloudwatch_log_group_retention            = 1
  access_log_force_destroy                  = true
  service_health_check_grace_period_seconds = 60
}
