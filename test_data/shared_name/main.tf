# Services that share one host name by weight, as during a move from one to the
# other. Each is Apache httpd as the image has it.

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

module "service" {
  source   = "../../"
  for_each = var.services
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  service_name          = "${var.service_name}-${each.key}"
  environment           = "test"
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  container_port        = 80
  lb_type               = each.value
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = var.zone_id
  dns_names             = [var.service_name]
  dns_routing_policy    = "weighted"
  dns_set_identifier    = each.key
  healthcheck_path      = "/"
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags

  # The image has no curl.
  container_healthcheck_command  = "test -s /usr/local/apache2/logs/httpd.pid"
  cloudwatch_log_group_retention = 1
  access_log_force_destroy       = true
}
