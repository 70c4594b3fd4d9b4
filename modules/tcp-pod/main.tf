# A network load balancer that hands TCP connections to the service.

# Whether it is open to the world is the caller's choice: the subnets decide.
#tfsec:ignore:aws-elb-alb-not-public
#trivy:ignore:avd-aws-0053
resource "aws_lb" "this" {
  name               = var.load_balancer_name
  load_balancer_type = "network"
  internal           = var.internal
  subnets            = var.subnets
  # A network load balancer made without a security group can never get one.
  security_groups = concat([aws_security_group.this.id], var.extra_security_group_ids)
  # A task in one zone serves the clients of all.
  enable_cross_zone_load_balancing = true
  tags                             = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group" "this" {
  name                 = var.target_group_name
  vpc_id               = var.vpc_id
  target_type          = "instance"
  port                 = var.target_port
  protocol             = "TCP"
  deregistration_delay = 60
  tags                 = var.tags

  health_check {
    protocol            = "TCP"
    interval            = var.health_check.interval
    timeout             = var.health_check.timeout
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.this.arn
  port              = var.target_port
  protocol          = "TCP"
  tags              = var.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  lifecycle {
    create_before_destroy = true
  }
}

module "alias_records" {
  source    = "../alias-records"
  providers = { aws = aws.dns }

  zone_id                = var.zone_id
  hostnames              = var.make_records ? var.hostnames : {}
  load_balancer_dns_name = aws_lb.this.dns_name
  load_balancer_zone_id  = aws_lb.this.zone_id
  set_identifier         = var.set_identifier
  weight                 = var.weight
}
