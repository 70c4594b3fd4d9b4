# A network load balancer and the service's primary target group. What listens is
# the caller's to make: the primary listener is one of several that may swap ports.

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
    # The name differs in each plan, so that the successor's is always free.
    ignore_changes = [name]
  }
}

resource "aws_lb_target_group" "this" {
  name                 = var.target_group_name
  vpc_id               = var.vpc_id
  target_type          = "instance"
  port                 = var.target_port
  protocol             = "TCP"
  deregistration_delay = var.deregistration_delay
  tags                 = var.tags

  stickiness {
    enabled = var.stickiness.enabled
    type    = var.stickiness.type
  }

  health_check {
    protocol            = "TCP"
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
