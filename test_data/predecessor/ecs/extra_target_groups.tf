resource "aws_lb_target_group" "extra" {
  for_each    = var.extra_target_groups
  name_prefix = substr("${var.service_name}-", 0, 6)
  port        = each.value.container_port
  protocol    = each.value.protocol
  vpc_id      = data.aws_subnet.load_balancer.vpc_id
  tags        = merge(local.tags, { Name = "${var.service_name}-${each.key}" })

  health_check {
    path                = each.value.health_check.path
    port                = each.value.health_check.port
    matcher             = each.value.health_check.matcher
    interval            = each.value.health_check.interval
    timeout             = each.value.health_check.timeout
    healthy_threshold   = 2
    unhealthy_threshold = 10
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "extra" {
  for_each          = var.extra_target_groups
  load_balancer_arn = local.load_balancer_arn
  port              = each.value.listener_port
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  certificate_arn   = module.pod[0].certificate_arn
  tags              = local.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.extra[each.key].arn
  }
}

resource "aws_security_group_rule" "extra_listener_ingress" {
  for_each          = var.extra_target_groups
  type              = "ingress"
  description       = "Allow HTTPS on port ${each.value.listener_port} for extra target group ${each.key}"
  security_group_id = local.lb_security_group
  protocol          = "tcp"
  from_port         = each.value.listener_port
  to_port           = each.value.listener_port
  cidr_blocks       = var.alb_ingress_cidr_blocks
}
