# Who may reach the instances: the load balancer, and SSH when it is asked for.

resource "aws_security_group" "backend" {
  # A name must not begin with "sg-".
  name_prefix = "${replace(substr(var.service_name, 0, 80), "/(?i)^sg-/", "sg")}-backend-"
  description = "Instances of the ECS service ${var.service_name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, var.name_tag)

  lifecycle {
    create_before_destroy = true
    # One that moved in keeps its name.
    ignore_changes = [name, name_prefix, description]
  }
}

# With bridge networking Docker picks each host port: Linux's range begins at
# 32768, the one that AWS documents ends at 65535.
resource "aws_vpc_security_group_ingress_rule" "backend_tasks" {
  security_group_id            = aws_security_group.backend.id
  description                  = "Load balancer to the dynamic host ports of the tasks"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 32768
  to_port                      = 65535
  tags                         = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "backend_ssh" {
  for_each = var.ssh_cidr_block == null ? {} : { ssh = var.ssh_cidr_block } # ssh_cidr_block must be known in the plan: write the network out

  security_group_id = aws_security_group.backend.id
  description       = "SSH"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  tags              = var.tags
}

# The instances pull images, join the cluster and run software whose
# destinations are not known beforehand.
#tfsec:ignore:aws-ec2-no-public-egress-sgr
#trivy:ignore:avd-aws-0104
resource "aws_vpc_security_group_egress_rule" "backend_ipv4" {
  security_group_id = aws_security_group.backend.id
  description       = "Anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
  tags              = var.tags
}

#tfsec:ignore:aws-ec2-no-public-egress-sgr
#trivy:ignore:avd-aws-0104
resource "aws_vpc_security_group_egress_rule" "backend_ipv6" {
  security_group_id = aws_security_group.backend.id
  description       = "Anywhere"
  cidr_ipv6         = "::/0"
  ip_protocol       = "-1"
  tags              = var.tags
}
