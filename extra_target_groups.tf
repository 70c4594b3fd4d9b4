# Further ports of the container, each with a target group and a listener on the
# service's load balancer. The module makes both, since ECS refuses a target
# group that no listener leads to.
#
# Target groups go by the caller's key. Listeners and the rules of security
# groups go by the listener's port: AWS has each port once, so when a key is
# renamed, or two ports swap what they lead to, the listener stays and leads
# elsewhere. The primary listener of an NLB is one of them, since its port may
# become an entry's, and an entry's the primary one. An ALB's own listeners, with
# their ports 80 and 443, are in modules/website-pod.

module "extra_target_groups" {
  source = "./modules/extra-target-groups"

  entries                = var.extra_target_groups
  lb_type                = local.lb_type
  primary_listener_ports = local.is_alb ? [80, 443] : [var.container_port]
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
        key                        = null
        listener_port              = port
        listener_protocol          = "TCP"
        protocol                   = "TCP"
        certificate_arn            = null
        ingress_cidr_blocks        = var.alb_ingress_cidr_blocks
        ingress_security_group_ids = []
      }
    },
  )

  # The address of a listener is its port, but for the port that an NLB's primary
  # listener had at first: that one was the only listener of its pod, and moves
  # from there to an address that can't name the port.
  first_primary_port = tostring(one(terraform_data.first_primary_port[*].input))
  listener_keys      = { for port in keys(local.listeners) : port => port == local.first_primary_port ? "primary" : port }
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
  tags                          = merge(local.tags, { extra_target_group = local.extra_tag_values[each.key] })

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
      type            = coalesce(stickiness.value.type, local.is_alb ? "lb_cookie" : "source_ip")
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
  extra_tag_values = { for key in keys(var.extra_target_groups) : key => substr(replace(key, "/[^\\pL\\pN _.:\\/=+@-]/", "_"), 0, 256) }
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

locals {
  # Security groups go by their place in the list: the id of a group that is yet to
  # be created can't be a key.
  listener_ingress = flatten([
    for port, listener in local.listeners : [
      for source, rule in merge(
        { for cidr in listener.ingress_cidr_blocks : cidr => { cidr_ipv4 = cidr } },
        { for index, id in listener.ingress_security_group_ids : "security group ${index}" => { security_group_id = id } },
        ) : {
        source            = source
        port              = listener.listener_port
        ip_protocol       = listener.protocol == "UDP" ? "udp" : "tcp"
        cidr_ipv4         = lookup(rule, "cidr_ipv4", null)
        security_group_id = lookup(rule, "security_group_id", null)
        primary           = local.listener_keys[port] == "primary"
      }
    ]
  ])
}

# By port and source. The default is that of the primary listener:
# alb_ingress_cidr_blocks.
#tfsec:ignore:aws-ec2-no-public-ingress-sgr
#trivy:ignore:avd-aws-0107
resource "aws_vpc_security_group_ingress_rule" "extra" {
  for_each = { for rule in local.listener_ingress : "${rule.port} ${rule.source}" => rule if !rule.primary }

  security_group_id            = local.load_balancer_security_group_id
  description                  = "Listener ${each.value.port}"
  cidr_ipv4                    = each.value.cidr_ipv4
  referenced_security_group_id = each.value.security_group_id
  ip_protocol                  = each.value.ip_protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = local.tags
}

# The port that an NLB's primary listener had at first, by source.
#tfsec:ignore:aws-ec2-no-public-ingress-sgr
#trivy:ignore:avd-aws-0107
resource "aws_vpc_security_group_ingress_rule" "primary" {
  for_each = { for rule in local.listener_ingress : rule.source => rule if rule.primary }

  security_group_id            = local.load_balancer_security_group_id
  description                  = "Listener ${each.value.port}"
  cidr_ipv4                    = each.value.cidr_ipv4
  referenced_security_group_id = each.value.security_group_id
  ip_protocol                  = each.value.ip_protocol
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = local.tags
}

moved {
  from = module.tcp_pod[0].aws_vpc_security_group_ingress_rule.listener
  to   = aws_vpc_security_group_ingress_rule.primary
}

# From the load balancer to the instances the dynamic TCP ports are open already.
# What else an entry needs: UDP, and a health check port of its own.
locals {
  extra_backend_ports = merge(
    {
      for entry in values(local.extra_target_groups) : "udp" => { protocol = "udp", from = 32768, to = 65535 }...
      if entry.protocol == "UDP"
    },
    {
      for entry in values(local.extra_target_groups) : "health check ${entry.health_check.port}" => {
        protocol = "tcp", from = tonumber(entry.health_check.port), to = tonumber(entry.health_check.port)
      }...
      if entry.health_check.port != "traffic-port" && try(tonumber(entry.health_check.port) < 32768, false)
    },
  )
}

resource "aws_vpc_security_group_egress_rule" "extra_backend" {
  for_each = local.extra_backend_ports

  security_group_id            = local.load_balancer_security_group_id
  description                  = "Extra target groups: ${each.key}"
  referenced_security_group_id = module.instances.security_group_id
  ip_protocol                  = each.value[0].protocol
  from_port                    = each.value[0].from
  to_port                      = each.value[0].to
  tags                         = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "extra_backend" {
  for_each = local.extra_backend_ports

  security_group_id            = module.instances.security_group_id
  description                  = "Extra target groups: ${each.key}"
  referenced_security_group_id = local.load_balancer_security_group_id
  ip_protocol                  = each.value[0].protocol
  from_port                    = each.value[0].from
  to_port                      = each.value[0].to
  tags                         = local.tags
}

# Host ports are dynamic, so a health check on a fixed port asks something else
# than the container.
check "fixed_health_check_ports" {
  assert {
    condition = length(local.fixed_health_check_ports) == 0
    error_message = join(" ", [
      "extra_target_groups: a health_check.port other than traffic-port must listen on every instance, since the tasks' host ports are dynamic.",
      "Entries with one: ${join(", ", local.fixed_health_check_ports)}.",
    ])
  }
}

locals {
  fixed_health_check_ports = [
    for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.health_check.port}" if entry.health_check.port != "traffic-port"
  ]
}
