# A private zone, and a service whose host name would be in it, which the module
# refuses. The zone comes first: a plan must know it.

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

data "aws_subnet" "any" {
  id = var.subnet_private_ids[0]
}

resource "aws_route53_zone" "private" {
  name    = "${var.service_name}.internal"
  comment = "Made by a test"

  vpc {
    vpc_id = data.aws_subnet.any.vpc_id
  }
}

module "httpd" {
  source   = "../../"
  for_each = toset(var.with_service ? ["httpd"] : [])
  providers = {
    aws     = aws
    aws.dns = aws # the zone is in the same account
  }

  service_name          = var.service_name
  docker_image          = "public.ecr.aws/docker/library/httpd:2.4"
  load_balancer_subnets = var.subnet_public_ids
  asg_subnets           = var.subnet_private_ids
  zone_id               = aws_route53_zone.private.zone_id
  dns_names             = [var.service_name]
  alarm_emails          = ["alarms@example.com"]
  tags                  = var.tags
}
