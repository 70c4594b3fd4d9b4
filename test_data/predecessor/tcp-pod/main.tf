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
  prefix = substr(var.service_name, 0, 6)
}

resource "aws_lb" "tcp" {
  name_prefix        = local.prefix
  load_balancer_type = "network"
  internal           = var.internal
  subnets            = var.subnets
  security_groups    = [aws_security_group.nlb.id]
  tags               = var.tags
}

resource "aws_lb_target_group" "tcp" {
  name_prefix          = local.prefix
  port                 = var.target_port
  protocol             = "TCP"
  vpc_id               = var.vpc_id
  deregistration_delay = 300
  tags                 = var.tags

  stickiness {
    enabled = true
    type    = "source_ip"
  }

  health_check {
    protocol            = "TCP"
    interval            = var.interval
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.tcp.arn
  port              = var.target_port
  protocol          = "TCP"
  tags              = var.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tcp.arn
  }
}

resource "aws_route53_record" "extra" {
  provider = aws.dns
  count    = length(var.hostnames)

  zone_id = var.zone_id
  name    = var.hostnames[count.index]
  type    = "A"

  alias {
    name                   = aws_lb.tcp.dns_name
    zone_id                = aws_lb.tcp.zone_id
    evaluate_target_health = true
  }
}
