# An application load balancer that serves host names over HTTPS.

module "access_log_bucket" {
  source = "../access-log-bucket"

  service_name  = var.service_name
  force_destroy = var.access_log_force_destroy
  tags          = var.tags
}

# Whether it is open to the world is the caller's choice: the subnets decide.
#tfsec:ignore:aws-elb-alb-not-public
#trivy:ignore:avd-aws-0053
resource "aws_lb" "this" {
  name                       = var.load_balancer_name
  load_balancer_type         = "application"
  internal                   = var.internal
  subnets                    = var.subnets
  security_groups            = concat([aws_security_group.this.id], var.extra_security_group_ids)
  drop_invalid_header_fields = true
  idle_timeout               = var.idle_timeout
  tags                       = var.tags

  access_logs {
    enabled = true
    bucket  = module.access_log_bucket.bucket_name
  }

  lifecycle {
    create_before_destroy = true
    # The name differs in each plan, so that the successor's is always free.
    ignore_changes = [name]
  }
}

resource "aws_lb_target_group" "this" {
  name                          = var.target_group_name
  vpc_id                        = var.vpc_id
  target_type                   = "instance"
  port                          = var.target_port
  protocol                      = var.target_protocol
  load_balancing_algorithm_type = var.load_balancing_algorithm_type
  deregistration_delay          = var.deregistration_delay
  tags                          = var.tags

  stickiness {
    enabled         = var.stickiness.enabled
    type            = var.stickiness.type
    cookie_duration = var.stickiness.cookie_duration
    cookie_name     = var.stickiness.cookie_name
  }

  health_check {
    protocol            = var.target_protocol
    path                = var.health_check.path
    matcher             = var.health_check.matcher
    interval            = var.health_check.interval
    timeout             = var.health_check.timeout
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [name]
    # A target group serves one load balancer in its life.
    replace_triggered_by = [aws_lb.this.arn]
  }
}

# A listener or its rule is never created before it is destroyed: AWS would give
# the listener that is there on the port, which the destroy would then remove, and
# refuse a second rule of one priority.
resource "aws_lb_listener" "redirect" {
  load_balancer_arn = aws_lb.this.arn
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

# Requests to a host that is not ours come from scanners: they get a 400.
resource "aws_lb_listener" "ssl" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = aws_acm_certificate_validation.this.certificate_arn
  tags              = var.tags

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Unknown host"
      status_code  = "400"
    }
  }
}

# Priorities 1 to 98 and from 100 on are left to the caller's own rules.
resource "aws_lb_listener_rule" "hosts" {
  listener_arn = aws_lb_listener.ssl.arn
  priority     = 99
  tags         = var.tags

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  condition {
    host_header {
      values = sort(values(var.hostnames))
    }
  }
}
