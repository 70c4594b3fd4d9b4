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
  alarms = length(var.alarm_emails) > 0 ? 1 : 0
}

resource "aws_alb" "website" {
  name_prefix                = local.prefix
  internal                   = var.internal
  subnets                    = var.subnets
  security_groups            = [aws_security_group.alb.id]
  drop_invalid_header_fields = true
  tags                       = merge(var.tags, { module_version = "5.17.0" })

  access_logs {
    enabled = true
    bucket  = local.access_log_bucket
  }
}

resource "aws_alb_target_group" "website" {
  name_prefix          = "tf-"
  port                 = var.target_port
  protocol             = "HTTP"
  vpc_id               = var.vpc_id
  deregistration_delay = 300
  tags                 = var.tags

  stickiness {
    enabled         = true
    type            = "lb_cookie"
    cookie_duration = 86400
  }

  health_check {
    path                = var.health_check_path
    matcher             = "200-299"
    port                = "traffic-port"
    protocol            = "HTTP"
    interval            = var.interval
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_alb_listener" "redirect_to_ssl" {
  load_balancer_arn = aws_alb.website.arn
  port              = 80
  protocol          = "HTTP"
  tags              = var.tags

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "ssl" {
  load_balancer_arn = aws_alb.website.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06"
  certificate_arn   = aws_acm_certificate_validation.website.certificate_arn
  tags              = var.tags

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Bad request"
      status_code  = "400"
    }
  }
}

resource "aws_alb_listener_rule" "website" {
  listener_arn = aws_lb_listener.ssl.arn
  priority     = 99
  tags         = var.tags

  action {
    type             = "forward"
    target_group_arn = aws_alb_target_group.website.arn
  }

  condition {
    host_header {
      values = var.hostnames
    }
  }
}
