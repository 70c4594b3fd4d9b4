# The entries of extra_target_groups with their defaults filled in. This module
# has no resources and needs no provider.

locals {
  is_alb = var.lb_type == "alb"

  # An empty path or matcher of a health check is none.
  checks = {
    for key, entry in var.entries : key => merge(entry.health_check, {
      path    = try(coalesce(entry.health_check.path), null)
      matcher = try(coalesce(entry.health_check.matcher), null)
    })
  }

  # By whose it is, with the type said. An empty name of a cookie is none.
  stickiness = {
    for at, stickiness in merge(
      { for key, entry in var.entries : "${local.at[key]}.stickiness" => entry.stickiness if entry.stickiness != null },
      { (local.at_primary) = var.primary_stickiness },
      ) : at => merge(stickiness, {
        type        = try(coalesce(stickiness.type), local.stickiness_types[0])
        cookie_name = try(coalesce(stickiness.cookie_name), null)
    })
  }

  entries = {
    for key, entry in var.entries : key => merge(entry, {
      # An empty protocol is left for the rules to refuse.
      listener_protocol = try(coalesce(entry.listener_protocol, local.is_alb ? "HTTPS" : entry.protocol), "")
      protocol_version  = local.is_alb ? coalesce(entry.protocol_version, "HTTP1") : null
      # Attributes that are not set keep the value they had. A stated default takes
      # effect when the caller removes the attribute.
      load_balancing_algorithm_type = local.is_alb ? coalesce(entry.load_balancing_algorithm_type, "round_robin") : null
      stickiness = (
        entry.stickiness != null ? local.stickiness["${local.at[key]}.stickiness"]
        # TLS target groups refuse the attribute, even to disable it.
        : entry.protocol == "TLS" ? null : { enabled = false, type = local.stickiness_types[0], cookie_duration = null, cookie_name = null }
      )
      health_check = merge(entry.health_check, {
        # AWS gives a number back without leading zeros.
        port = try(tostring(tonumber(entry.health_check.port)), entry.health_check.port)
        # On an NLB a path makes an HTTP check, or an HTTPS check of TLS targets.
        protocol = (
          local.is_alb ? entry.protocol
          : local.checks[key].path == null ? "TCP"
          : entry.protocol == "TLS" && entry.health_check.port == "traffic-port" ? "HTTPS" : "HTTP"
        )
        path = (
          entry.protocol_version == "GRPC" ? coalesce(local.checks[key].path, "/AWS.ALB/healthcheck")
          : local.is_alb ? coalesce(local.checks[key].path, "/")
          : local.checks[key].path
        )
        matcher = (
          entry.protocol_version == "GRPC" ? coalesce(local.checks[key].matcher, "12")
          : local.is_alb || local.checks[key].path != null ? coalesce(local.checks[key].matcher, "200-299")
          : null
        )
      })
      # Whoever may reach the primary listener, unless the entry says otherwise.
      ingress_cidr_blocks = (
        entry.ingress_cidr_blocks == null && entry.ingress_security_group_ids == null
        ? var.ingress_cidr_blocks
        : coalesce(entry.ingress_cidr_blocks, [])
      )
      ingress_security_group_ids = coalesce(entry.ingress_security_group_ids, [])
    })
  }
}
