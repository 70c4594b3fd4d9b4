# What the examples need beside a network and a zone. TestExamples adds a call of one.

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

data "aws_route53_zone" "this" {
  zone_id = var.zone_id
}

# An NLB has no certificate of its own.
resource "aws_acm_certificate" "nlb" {
  domain_name       = "${var.certificate_name}.${data.aws_route53_zone.this.name}"
  validation_method = "DNS"
}

resource "aws_route53_record" "validation" {
  zone_id = var.zone_id
  name    = one(aws_acm_certificate.nlb.domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.nlb.domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.nlb.domain_validation_options).resource_record_value]
  ttl     = 60
}

resource "aws_acm_certificate_validation" "nlb" {
  certificate_arn         = aws_acm_certificate.nlb.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}
