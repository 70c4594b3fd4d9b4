# A service of the predecessor, the published module up to 8.3.1, moves in by import and
# removed blocks that move-in/ writes: see UPGRADING.md. What moved in keeps the name
# that it has: so every name that the predecessor gives otherwise is in ignore_changes.

# Remembers whether the service moved in, and what this module must not forget about
# it. The import gives it an id, but no input: the provider has none to read. The id is
# JSON: the keys of the listeners that the predecessor had, by their ports. They stay
# at their addresses, since Terraform can't move a listener that is keyed otherwise.
resource "terraform_data" "origin" {
  input = "made by this module"

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  moved_in           = terraform_data.origin.input == null
  moved_in_listeners = jsondecode(local.moved_in ? terraform_data.origin.id : "{}")
}

# The predecessor admitted clients to an extra listener by a rule of the load balancer's
# first security group. It stays as long as its listener does: without it the listener
# would be closed until the load balancer has the security group of extra_listeners.
resource "aws_security_group_rule" "extra_listener_ingress" {
  for_each = {
    for port, key in local.moved_in_listeners : key => local.listeners[port]
    if length(try(local.listeners[port].ingress_cidr_blocks, [])) > 0
  }

  type              = "ingress"
  description       = "Allow HTTPS on port ${each.value.listener_port} for extra target group ${each.key}"
  security_group_id = local.load_balancer_security_group_id
  protocol          = "tcp"
  from_port         = each.value.listener_port
  to_port           = each.value.listener_port
  cidr_blocks       = each.value.ingress_cidr_blocks

  lifecycle {
    ignore_changes = [description]
  }
}

# Who changes the version without moving in gets no further than the plan: the role is
# then still the predecessor's, by its name, and the service did not move in.
moved {
  from = aws_iam_role.ecs_task_execution_role
  to   = aws_iam_role.execution
}
