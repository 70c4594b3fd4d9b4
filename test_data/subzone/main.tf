# A zone of the test's own, delegated from a parent zone.

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

data "aws_route53_zone" "parent" {
  name         = var.parent_zone_name
  private_zone = false
}

resource "aws_route53_zone" "this" {
  name    = "${var.subdomain}.${trimsuffix(data.aws_route53_zone.parent.name, ".")}"
  comment = "Made by a test"

  # An interrupted run may leave records that no state knows.
  force_destroy = true
}

resource "aws_route53_record" "delegation" {
  zone_id = data.aws_route53_zone.parent.zone_id
  name    = aws_route53_zone.this.name
  type    = "NS"
  ttl     = 60
  records = aws_route53_zone.this.name_servers
}
