# Rules that depend on more than one variable, or on what AWS knows: all that
# would fail an apply, or leave a service that can't work, is refused in the plan.

locals {
  # An entry's protocols fit the kind of load balancer.
  wrong_protocols = {
    for key, entry in local.extra_target_groups : key => entry
    if !contains(local.is_alb ? ["HTTP", "HTTPS"] : ["TCP", "TLS", "UDP"], entry.protocol) ||
    !contains(local.is_alb ? ["HTTP", "HTTPS"] : ["TCP", "TLS", "UDP"], entry.listener_protocol)
  }

  primary_listener_ports = local.is_alb ? [80, 443] : [var.container_port]

  task_memory = coalesce(var.container_memory_reservation, var.container_memory)
}

resource "terraform_data" "validations" {
  lifecycle {
    precondition {
      condition     = !anytrue([for entry in var.extra_target_groups : contains(local.primary_listener_ports, entry.listener_port)])
      error_message = "extra_target_groups: ${join(" and ", local.primary_listener_ports)} ${local.is_alb ? "are" : "is"} taken by the primary listener: ${join(", ", [for key, entry in var.extra_target_groups : "\"${key}\" has listener_port ${entry.listener_port}" if contains(local.primary_listener_ports, entry.listener_port)])}."
    }

    precondition {
      condition     = length(local.wrong_protocols) == 0
      error_message = "extra_target_groups: with lb_type ${lower(var.lb_type)}, protocol and listener_protocol must be ${local.is_alb ? "HTTP or HTTPS" : "TCP, TLS or UDP"}: ${join(", ", [for key, entry in local.wrong_protocols : "\"${key}\" has protocol ${entry.protocol} and listener_protocol ${entry.listener_protocol}"])}."
    }

    precondition {
      condition     = alltrue([for entry in local.extra_target_groups : entry.protocol_version == null ? true : !contains(["HTTP2", "GRPC"], entry.protocol_version) || entry.listener_protocol == "HTTPS"])
      error_message = "extra_target_groups: HTTP2 and GRPC need an HTTPS listener."
    }

    precondition {
      condition     = local.is_alb ? length(var.dns_names) <= 5 : true
      error_message = "dns_names has ${length(var.dns_names)} names: a listener rule of an ALB takes at most 5."
    }

    precondition {
      condition     = var.healthcheck_timeout < var.healthcheck_interval
      error_message = "healthcheck_timeout ${var.healthcheck_timeout} must be less than healthcheck_interval ${var.healthcheck_interval}."
    }
  }
}

# Host ports are dynamic, so a health check on a fixed port asks something else
# than the container.
check "fixed_health_check_ports" {
  assert {
    condition     = alltrue([for entry in var.extra_target_groups : entry.health_check.port == "traffic-port"])
    error_message = "extra_target_groups: a fixed health_check.port fits only what listens on every instance, since the tasks' host ports are dynamic: ${join(", ", [for key, entry in var.extra_target_groups : "\"${key}\" has ${entry.health_check.port}" if entry.health_check.port != "traffic-port"])}."
  }
}
