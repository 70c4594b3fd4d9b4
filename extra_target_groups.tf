# Further ports of the container, each with a target group and a listener on the
# service's load balancer. The module makes both, since ECS refuses a target
# group that no listener leads to.
#
# The caller's key is a target group's address, and the listener's port a listener's:
# AWS has each port once, so when a key is renamed, or two ports swap what they lead
# to, the listener stays and leads elsewhere. The primary listener of an NLB is one of
# them, since its port may become an entry's, and an entry's the primary one. An ALB's
# own listeners, with their ports 80 and 443, are in modules/website-pod.

module "extra_target_groups" {
  source = "./modules/extra-target-groups"

  entries                = var.extra_target_groups
  lb_type                = local.lb_type
  primary_listener_ports = local.is_alb ? [80, 443] : [var.container_port]
  primary_container_port = var.container_port
  primary_stickiness     = var.stickiness
  ingress_cidr_blocks    = var.alb_ingress_cidr_blocks
  region                 = local.region
}

locals {
  # Valid, with their defaults: an entry that breaks a rule fails the plan here.
  extra_target_groups = module.extra_target_groups.entries

  # At most 32 letters, digits and hyphens: the service, the key, and a hash that
  # keeps apart keys that look alike without their special characters and, like the
  # load balancer's, the successor of a target group and its predecessor.
  extra_target_group_names = {
    for key, entry in local.extra_target_groups : key => join("-", compact([
      trim(substr(replace(var.service_name, "/[^A-Za-z0-9]+/", "-"), 0, 10), "-"),
      trim(substr(trim(replace(key, "/[^A-Za-z0-9]+/", "-"), "-"), 0, 12), "-"),
      substr(sha1(jsonencode([key, local.load_balancer_name])), 0, 8),
    ]))
  }

  # By port. The key is that of the entry, null for the primary listener.
  listeners = merge(
    { for key, entry in local.extra_target_groups : tostring(entry.listener_port) => merge(entry, { key = key }) },
    {
      for port in local.is_alb ? [] : [var.container_port] : tostring(port) => {
        key               = null
        listener_port     = port
        listener_protocol = "TCP"
        certificate_arn   = null
      }
    },
  )

  # The address of a listener is its port, but for the port that an NLB's primary
  # listener had at first: that one was the only listener of its pod, and moves
  # from there to an address that can't name the port. And but for listeners of a
  # service that moved in (move_in.tf).
  first_primary_port = tostring(one(terraform_data.first_primary_port[*].input))
  listener_keys = {
    for port in keys(local.listeners) : port => lookup(local.moved_in_listeners, port, port == local.first_primary_port ? "primary" : port)
  }
}

# Remembers that port, whatever the primary one is later: a listener whose address
# changes is one that goes.
resource "terraform_data" "first_primary_port" {
  count = local.is_alb ? 0 : 1
  input = var.container_port

  lifecycle {
    ignore_changes = [input]
  }
}

moved {
  from = module.tcp_pod[0].aws_lb_listener.tcp
  to   = aws_lb_listener.extra["primary"]
}

resource "aws_lb_target_group" "extra" {
  for_each = local.extra_target_groups

  name                          = local.extra_target_group_names[each.key]
  vpc_id                        = local.vpc_id
  target_type                   = "instance"
  port                          = each.value.container_port
  protocol                      = each.value.protocol
  protocol_version              = each.value.protocol_version
  deregistration_delay          = each.value.deregistration_delay
  slow_start                    = each.value.slow_start
  load_balancing_algorithm_type = each.value.load_balancing_algorithm_type
  tags                          = merge(local.tags, local.extra_tags[each.key])

  health_check {
    protocol            = each.value.health_check.protocol
    path                = each.value.health_check.path
    port                = each.value.health_check.port
    matcher             = each.value.health_check.matcher
    interval            = each.value.health_check.interval
    timeout             = each.value.health_check.timeout
    healthy_threshold   = each.value.health_check.healthy_threshold
    unhealthy_threshold = each.value.health_check.unhealthy_threshold
  }

  dynamic "stickiness" {
    for_each = each.value.stickiness == null ? [] : [each.value.stickiness]

    content {
      enabled         = stickiness.value.enabled
      type            = stickiness.value.type
      cookie_duration = stickiness.value.cookie_duration
      cookie_name     = stickiness.value.cookie_name
    }
  }

  lifecycle {
    create_before_destroy = true
    # The name differs in each plan, so that the successor's is always free.
    ignore_changes = [name]
    # A target group serves one load balancer in its life.
    replace_triggered_by = [terraform_data.load_balancer]
  }
}

# Changes when the load balancer is replaced.
resource "terraform_data" "load_balancer" {
  input = local.load_balancer_arn
}

locals {
  # A tag's value holds letters, digits, spaces and _ . : / = + - @ only.
  extra_tags = {
    for key in keys(var.extra_target_groups) : key => {
      for name, value in { extra_target_group = substr(replace(key, "/[^\\pL\\pN _.:\\/=+@-]/", "_"), 0, 256) } :
      name => value if !contains(local.caller_tag_keys, name)
    }
  }
}

# Plain HTTP stands where the caller asks for it by listener_protocol.
#tfsec:ignore:aws-elb-http-not-used
#trivy:ignore:avd-aws-0054
resource "aws_lb_listener" "extra" {
  for_each = { for port, listener in local.listeners : local.listener_keys[port] => listener }

  # Never created before it is destroyed: AWS would give the listener that is there
  # on the port, and the destroy would then remove it.
  load_balancer_arn = local.load_balancer_arn
  port              = each.value.listener_port
  protocol          = each.value.listener_protocol
  ssl_policy        = contains(["HTTPS", "TLS"], each.value.listener_protocol) ? var.ssl_policy : null
  certificate_arn = (
    contains(["HTTPS", "TLS"], each.value.listener_protocol)
    ? try(coalesce(each.value.certificate_arn, local.certificate_arn), null)
    : null
  )
  tags = local.tags

  default_action {
    type             = "forward"
    target_group_arn = each.value.key == null ? local.target_group_arn : aws_lb_target_group.extra[each.value.key].arn
  }
}

# Who may reach the listeners. One group has all rules inline. As resources of their own
# they would need keys: the id of a security group that the same plan creates is not
# known, and a place in a list does not survive: AWS refuses a rule that equals one that
# is yet to be destroyed, so a reordered list could not be applied.
#tfsec:ignore:aws-ec2-no-public-ingress-sgr
#trivy:ignore:avd-aws-0107
resource "aws_security_group" "extra_listeners" {
  for_each = length(var.extra_target_groups) > 0 ? { listeners = "${local.security_group_prefix}-extra-" } : {}

  name_prefix = each.value
  description = "Who may reach the extra listeners of the ECS service ${var.service_name}"
  vpc_id      = local.vpc_id
  tags        = merge(local.tags, local.name_tag.extra)

  ingress = [
    for entry in local.extra_target_groups : {
      description      = "Listener ${entry.listener_port}"
      protocol         = entry.protocol == "UDP" ? "udp" : "tcp"
      from_port        = entry.listener_port
      to_port          = entry.listener_port
      cidr_blocks      = sort(distinct(entry.ingress_cidr_blocks))
      ipv6_cidr_blocks = []
      security_groups  = entry.ingress_security_group_ids
      prefix_list_ids  = []
      self             = false
    } if length(concat(entry.ingress_cidr_blocks, entry.ingress_security_group_ids)) > 0
  ]

  # Also on removal: the group goes after the load balancer has let go of it.
  lifecycle {
    create_before_destroy = true
  }
}

# From the load balancer to the instances the dynamic ports are open already. What else
# an entry needs: its host port, and a health check port of its own.
locals {
  extra_backend_ports = toset(concat(
    [for entry in local.extra_target_groups : "${entry.protocol == "UDP" ? "udp" : "tcp"} ${entry.host_port}" if entry.host_port != null],
    [for entry in local.extra_target_groups : "tcp ${entry.health_check.port}" if try(tonumber(entry.health_check.port) < 32768, false)],
  ))
}

resource "aws_vpc_security_group_egress_rule" "extra_backend" {
  for_each = local.extra_backend_ports

  security_group_id            = local.load_balancer_security_group_id
  description                  = "Extra target groups: ${each.key}"
  referenced_security_group_id = module.instances.security_group_id
  ip_protocol                  = split(" ", each.key)[0]
  from_port                    = tonumber(split(" ", each.key)[1])
  to_port                      = tonumber(split(" ", each.key)[1])
  tags                         = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "extra_backend" {
  for_each = local.extra_backend_ports

  security_group_id            = module.instances.security_group_id
  description                  = "Extra target groups: ${each.key}"
  referenced_security_group_id = local.load_balancer_security_group_id
  ip_protocol                  = split(" ", each.key)[0]
  from_port                    = tonumber(split(" ", each.key)[1])
  to_port                      = tonumber(split(" ", each.key)[1])
  tags                         = local.tags
}
