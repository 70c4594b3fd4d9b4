# Who may reach the primary listener, and that the load balancer reaches the tasks only.

resource "aws_security_group" "this" {
  # A name must not begin with "sg-".
  name_prefix = "${replace(substr(var.service_name, 0, 80), "/(?i)^sg-/", "sg")}-nlb-"
  description = "Load balancer of the ECS service ${var.service_name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, var.name_tag)

  lifecycle {
    create_before_destroy = true
    # One that moved in keeps its name.
    ignore_changes = [name, name_prefix, description]
  }
}

# The default is a service for everyone; alb_ingress_cidr_blocks narrows it.
#tfsec:ignore:aws-ec2-no-public-ingress-sgr
#trivy:ignore:avd-aws-0107
resource "aws_vpc_security_group_ingress_rule" "listener" {
  for_each = toset(var.ingress_cidr_blocks) # alb_ingress_cidr_blocks must be known in the plan: write the networks out, or read them by a data source

  security_group_id = aws_security_group.this.id
  description       = "Primary listener"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = var.target_port
  to_port           = var.target_port
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  count = var.moved_in ? 0 : 1

  security_group_id            = aws_security_group.this.id
  description                  = "Dynamic host ports of the tasks"
  referenced_security_group_id = var.backend_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 32768
  to_port                      = 65535
  tags                         = var.tags
}

# The same of a service that moved in: it replaces a rule that let all through, which
# must stay until this one is there. The other can't be created before it is destroyed,
# as AWS refuses a rule that equals one.
resource "aws_vpc_security_group_egress_rule" "moved_in" {
  count = var.moved_in ? 1 : 0

  security_group_id            = aws_security_group.this.id
  description                  = "Dynamic host ports of the tasks"
  referenced_security_group_id = var.backend_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 32768
  to_port                      = 65535
  tags                         = var.tags

  lifecycle {
    create_before_destroy = true
  }
}
