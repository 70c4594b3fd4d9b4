resource "aws_security_group" "alb" {
  name_prefix = "web-"
  description = "Load balancer security group for service ${var.service_name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.service_name} load balancer" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "alb_listener_port" {
  for_each          = toset(var.ingress)
  description       = "User traffic to port 80 from ${each.key}"
  security_group_id = aws_security_group.alb.id
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = each.key
  tags              = merge(var.tags, { Name = "user traffic from ${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each          = toset(var.ingress)
  description       = "User traffic to HTTPS port from ${each.key}"
  security_group_id = aws_security_group.alb.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.key
  tags              = merge(var.tags, { Name = "https user traffic from ${each.key}" })
}

resource "aws_vpc_security_group_ingress_rule" "alb_icmp" {
  description       = "Allow all ICMP traffic"
  security_group_id = aws_security_group.alb.id
  ip_protocol       = "icmp"
  from_port         = -1
  to_port           = -1
  cidr_ipv4         = "0.0.0.0/0"
  tags              = merge(var.tags, { Name = "ICMP traffic" })
}

resource "aws_vpc_security_group_egress_rule" "alb_outgoing" {
  security_group_id = aws_security_group.alb.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = merge(var.tags, { Name = "outgoing traffic" })
}

resource "aws_security_group" "backend" {
  name_prefix = "web-"
  description = "Backend security group for service ${var.service_name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.service_name} backend" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "backend_user_traffic" {
  description                  = "Any traffic from the Load Balancer"
  security_group_id            = aws_security_group.backend.id
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.alb.id
  tags                         = merge(var.tags, { Name = "Load balancer traffic" })
}

resource "aws_vpc_security_group_ingress_rule" "backend_ssh_local" {
  description       = "SSH access from the service ${var.service_name} VPC"
  security_group_id = aws_security_group.backend.id
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = var.vpc_cidr
  tags              = merge(var.tags, { Name = "SSH local" })
}

resource "aws_vpc_security_group_ingress_rule" "backend_icmp" {
  description       = "Allow all ICMP traffic"
  security_group_id = aws_security_group.backend.id
  ip_protocol       = "icmp"
  from_port         = -1
  to_port           = -1
  cidr_ipv4         = "0.0.0.0/0"
  tags              = merge(var.tags, { Name = "ICMP traffic" })
}

resource "aws_vpc_security_group_egress_rule" "backend_outgoing" {
  security_group_id = aws_security_group.backend.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
  tags              = merge(var.tags, { Name = "outgoing traffic" })
}
