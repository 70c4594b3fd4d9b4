# The load balancer reaches the tasks only. Who may reach it comes with each listener.

resource "aws_security_group" "this" {
  # A name must not begin with "sg-".
  name_prefix = "${replace(substr(var.service_name, 0, 80), "/(?i)^sg-/", "sg")}-nlb-"
  description = "Load balancer of the ECS service ${var.service_name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.service_name}-nlb" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  security_group_id            = aws_security_group.this.id
  description                  = "Dynamic host ports of the tasks"
  referenced_security_group_id = var.backend_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 32768
  to_port                      = 65535
  tags                         = var.tags
}
