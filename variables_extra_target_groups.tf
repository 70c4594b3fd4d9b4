# Further ports of the service. The rules here look at one entry, or at all of
# them, alone; those that also depend on other variables are in validations.tf.

variable "extra_target_groups" {
  description = <<-EOT
    Further ports of the container: a key of your choice to the port's settings. Each entry gets a target group and a listener on the service's load balancer, at most four of them. An attribute name that is not listed here is ignored without a word: Terraform can't see it.

    - `listener_port`: port of the load balancer, each one once.
    - `container_port`: port of the container. Entries may share one, also with the primary listener.
    - `protocol`: what the targets speak: HTTP or HTTPS on an ALB; TCP, TLS or UDP on an NLB.
    - `protocol_version`: HTTP1, HTTP2 or GRPC, on an ALB. Null: HTTP1. HTTP2 and GRPC need an HTTPS listener.
    - `listener_protocol`: HTTP or HTTPS on an ALB; TCP, TLS or UDP on an NLB. Null: HTTPS on an ALB, `protocol` on an NLB. From HTTPS to HTTP, or from TLS to another, a listener does not change in place: take another `listener_port`.
    - `certificate_arn`: certificate of an HTTPS or TLS listener. Null: the module's own, which only an ALB has.
    - `ingress_cidr_blocks`, `ingress_ipv6_cidr_blocks`, `ingress_security_group_ids`: who may reach the listener. All null: `alb_ingress_cidr_blocks`. Networks must be known in the plan; security groups may be made in the same one.
    - `deregistration_delay`: seconds for which a target that leaves may finish its requests, 0 to 3600. Null: 300.
    - `slow_start`: seconds in which a new target's share of requests grows, 30 to 900 or 0, on an ALB.
    - `load_balancing_algorithm_type`: round_robin, least_outstanding_requests or weighted_random, on an ALB.
    - `stickiness`: `enabled` (true), `type` (lb_cookie or app_cookie on an ALB, source_ip on an NLB), `cookie_duration` in seconds, `cookie_name` with app_cookie. An NLB has none with TLS.
    - `health_check.path`: null: `/`, with GRPC `/AWS.ALB/healthcheck`, on an NLB a TCP check. A path on an NLB makes it an HTTP check, with TLS targets an HTTPS check; to take the path away again, rename the entry's key.
    - `health_check.port`: `traffic-port`, or a number. Host ports are dynamic, so a number fits only what listens on every instance.
    - `health_check.matcher`: codes of a healthy answer. Null: `200-299`, with GRPC the gRPC code `12`.
    - `health_check.interval` (30), `timeout` (5, less than the interval): seconds.
    - `health_check.healthy_threshold` (2), `unhealthy_threshold` (3): consecutive checks, 2 to 10.
  EOT

  type = map(object({
    listener_port                 = number
    container_port                = number
    protocol                      = optional(string, "HTTP")
    protocol_version              = optional(string)
    listener_protocol             = optional(string)
    certificate_arn               = optional(string)
    ingress_cidr_blocks           = optional(list(string))
    ingress_ipv6_cidr_blocks      = optional(list(string))
    ingress_security_group_ids    = optional(list(string))
    deregistration_delay          = optional(number)
    slow_start                    = optional(number)
    load_balancing_algorithm_type = optional(string)
    stickiness = optional(object({
      enabled         = optional(bool, true)
      type            = optional(string)
      cookie_duration = optional(number)
      cookie_name     = optional(string)
    }))
    health_check = optional(object({
      path                = optional(string)
      port                = optional(string, "traffic-port")
      matcher             = optional(string)
      interval            = optional(number, 30)
      timeout             = optional(number, 5)
      healthy_threshold   = optional(number, 2)
      unhealthy_threshold = optional(number, 3)
    }), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.extra_target_groups) <= 4
    error_message = "extra_target_groups has ${length(var.extra_target_groups)} entries (${join(", ", keys(var.extra_target_groups))}): ECS takes five target groups a service, the primary one among them, so give at most 4."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : try(e.listener_port >= 1 && e.listener_port <= 65535 && floor(e.listener_port) == e.listener_port, false)
    ])
    error_message = "extra_target_groups: listener_port must be a whole number from 1 to 65535: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${jsonencode(e.listener_port)}" if !try(e.listener_port >= 1 && e.listener_port <= 65535 && floor(e.listener_port) == e.listener_port, false)])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : try(e.container_port >= 1 && e.container_port <= 65535 && floor(e.container_port) == e.container_port, false)
    ])
    error_message = "extra_target_groups: container_port must be a whole number from 1 to 65535: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${jsonencode(e.container_port)}" if !try(e.container_port >= 1 && e.container_port <= 65535 && floor(e.container_port) == e.container_port, false)])}."
  }

  validation {
    condition     = length(distinct([for e in var.extra_target_groups : e.listener_port])) == length(var.extra_target_groups)
    error_message = "extra_target_groups: a listener_port may stand once: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${jsonencode(e.listener_port)}" if length([for o in var.extra_target_groups : o if o.listener_port == e.listener_port]) > 1])}."
  }

  validation {
    condition     = alltrue([for e in var.extra_target_groups : contains(["HTTP", "HTTPS", "TCP", "TLS", "UDP"], e.protocol)])
    error_message = "extra_target_groups: protocol must be HTTP or HTTPS on an ALB, TCP, TLS or UDP on an NLB: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.protocol}\"" if !contains(["HTTP", "HTTPS", "TCP", "TLS", "UDP"], e.protocol)])}."
  }

  validation {
    condition     = alltrue([for e in var.extra_target_groups : contains(["HTTP1", "HTTP2", "GRPC"], coalesce(e.protocol_version, "HTTP1"))])
    error_message = "extra_target_groups: protocol_version must be HTTP1, HTTP2 or GRPC: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.protocol_version}\"" if !contains(["HTTP1", "HTTP2", "GRPC"], coalesce(e.protocol_version, "HTTP1"))])}."
  }

  validation {
    condition     = alltrue([for e in var.extra_target_groups : contains(["HTTP", "HTTPS", "TCP", "TLS", "UDP"], coalesce(e.listener_protocol, "HTTP"))])
    error_message = "extra_target_groups: listener_protocol must be HTTP or HTTPS on an ALB, TCP, TLS or UDP on an NLB: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.listener_protocol}\"" if !contains(["HTTP", "HTTPS", "TCP", "TLS", "UDP"], coalesce(e.listener_protocol, "HTTP"))])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : !(contains(["HTTP2", "GRPC"], coalesce(e.protocol_version, "HTTP1")) && coalesce(e.listener_protocol, "HTTPS") == "HTTP")
    ])
    error_message = "extra_target_groups: HTTP2 and GRPC need an HTTPS listener: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has protocol_version ${e.protocol_version} and listener_protocol HTTP" if contains(["HTTP2", "GRPC"], coalesce(e.protocol_version, "HTTP1")) && coalesce(e.listener_protocol, "HTTPS") == "HTTP"])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : e.health_check.timeout < e.health_check.interval
    ])
    error_message = "extra_target_groups: health_check.timeout must be less than health_check.interval: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has timeout ${e.health_check.timeout} and interval ${e.health_check.interval}" if e.health_check.timeout >= e.health_check.interval])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : e.health_check.interval >= 5 && e.health_check.interval <= 300 && floor(e.health_check.interval) == e.health_check.interval
    ])
    error_message = "extra_target_groups: health_check.interval must be a whole number of seconds from 5 to 300: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${e.health_check.interval}" if !(e.health_check.interval >= 5 && e.health_check.interval <= 300 && floor(e.health_check.interval) == e.health_check.interval)])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : e.health_check.timeout >= 2 && e.health_check.timeout <= 120 && floor(e.health_check.timeout) == e.health_check.timeout
    ])
    error_message = "extra_target_groups: health_check.timeout must be a whole number of seconds from 2 to 120: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${e.health_check.timeout}" if !(e.health_check.timeout >= 2 && e.health_check.timeout <= 120 && floor(e.health_check.timeout) == e.health_check.timeout)])}."
  }

  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for n in [e.health_check.healthy_threshold, e.health_check.unhealthy_threshold] : n >= 2 && n <= 10 && floor(n) == n
      ]
    ]))
    error_message = "extra_target_groups: health_check.healthy_threshold and unhealthy_threshold must be whole numbers from 2 to 10: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${e.health_check.healthy_threshold} and ${e.health_check.unhealthy_threshold}" if !alltrue([for n in [e.health_check.healthy_threshold, e.health_check.unhealthy_threshold] : n >= 2 && n <= 10 && floor(n) == n])])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : e.health_check.port == "traffic-port" || try(tonumber(e.health_check.port) >= 1 && tonumber(e.health_check.port) <= 65535 && floor(tonumber(e.health_check.port)) == tonumber(e.health_check.port), false)
    ])
    error_message = "extra_target_groups: health_check.port must be traffic-port or a whole number from 1 to 65535: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.health_check.port}\"" if !(e.health_check.port == "traffic-port" || try(tonumber(e.health_check.port) >= 1 && tonumber(e.health_check.port) <= 65535 && floor(tonumber(e.health_check.port)) == tonumber(e.health_check.port), false))])}."
  }

  validation {
    condition     = alltrue([for e in var.extra_target_groups : startswith(coalesce(e.health_check.path, "/"), "/") && length(coalesce(e.health_check.path, "/")) <= 1024])
    error_message = "extra_target_groups: health_check.path must begin with / and have at most 1024 characters: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.health_check.path}\"" if !(startswith(coalesce(e.health_check.path, "/"), "/") && length(coalesce(e.health_check.path, "/")) <= 1024)])}."
  }

  # gRPC codes have one or two digits, HTTP codes three, so the two are told apart.
  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for part in split(",", coalesce(e.health_check.matcher, "0")) : can(regex("^[0-9]{1,2}(-[0-9]{1,2})?$", part))
      ] if coalesce(e.protocol_version, "HTTP1") == "GRPC"
    ]))
    error_message = "extra_target_groups: with GRPC, health_check.matcher holds gRPC codes from 0 to 99, such as 12 or 0-99: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.health_check.matcher}\"" if coalesce(e.protocol_version, "HTTP1") == "GRPC" && !alltrue([for part in split(",", coalesce(e.health_check.matcher, "0")) : can(regex("^[0-9]{1,2}(-[0-9]{1,2})?$", part))])])}."
  }

  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for part in split(",", coalesce(e.health_check.matcher, "200")) : can(regex("^[2-4][0-9]{2}(-[2-4][0-9]{2})?$", part))
      ] if coalesce(e.protocol_version, "HTTP1") != "GRPC"
    ]))
    error_message = "extra_target_groups: without GRPC, health_check.matcher holds HTTP codes from 200 to 499, such as 200, 200,302 or 200-299: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.health_check.matcher}\"" if coalesce(e.protocol_version, "HTTP1") != "GRPC" && !alltrue([for part in split(",", coalesce(e.health_check.matcher, "200")) : can(regex("^[2-4][0-9]{2}(-[2-4][0-9]{2})?$", part))])])}."
  }

  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for part in split(",", coalesce(e.health_check.matcher, "200")) : try(tonumber(split("-", part)[0]) <= tonumber(split("-", part)[1]), true)
      ]
    ]))
    error_message = "extra_target_groups: a range of health_check.matcher must begin with its lower code: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.health_check.matcher}\"" if !alltrue([for part in split(",", coalesce(e.health_check.matcher, "200")) : try(tonumber(split("-", part)[0]) <= tonumber(split("-", part)[1]), true)])])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : coalesce(e.deregistration_delay, 0) >= 0 && coalesce(e.deregistration_delay, 0) <= 3600 && floor(coalesce(e.deregistration_delay, 0)) == coalesce(e.deregistration_delay, 0)
    ])
    error_message = "extra_target_groups: deregistration_delay must be a whole number of seconds from 0 to 3600: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${e.deregistration_delay}" if !(coalesce(e.deregistration_delay, 0) >= 0 && coalesce(e.deregistration_delay, 0) <= 3600 && floor(coalesce(e.deregistration_delay, 0)) == coalesce(e.deregistration_delay, 0))])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : coalesce(e.slow_start, 0) == 0 || (coalesce(e.slow_start, 0) >= 30 && coalesce(e.slow_start, 0) <= 900 && floor(coalesce(e.slow_start, 0)) == coalesce(e.slow_start, 0))
    ])
    error_message = "extra_target_groups: slow_start must be 0, or a whole number of seconds from 30 to 900: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${e.slow_start}" if !(coalesce(e.slow_start, 0) == 0 || (coalesce(e.slow_start, 0) >= 30 && coalesce(e.slow_start, 0) <= 900 && floor(coalesce(e.slow_start, 0)) == coalesce(e.slow_start, 0)))])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : contains(["round_robin", "least_outstanding_requests", "weighted_random"], coalesce(e.load_balancing_algorithm_type, "round_robin"))
    ])
    error_message = "extra_target_groups: load_balancing_algorithm_type must be round_robin, least_outstanding_requests or weighted_random: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.load_balancing_algorithm_type}\"" if !contains(["round_robin", "least_outstanding_requests", "weighted_random"], coalesce(e.load_balancing_algorithm_type, "round_robin"))])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : coalesce(e.slow_start, 0) == 0 || coalesce(e.load_balancing_algorithm_type, "round_robin") == "round_robin"
    ])
    error_message = "extra_target_groups: slow_start works with round_robin only: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has slow_start ${e.slow_start} and ${e.load_balancing_algorithm_type}" if !(coalesce(e.slow_start, 0) == 0 || coalesce(e.load_balancing_algorithm_type, "round_robin") == "round_robin")])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : contains(["lb_cookie", "app_cookie", "source_ip"], try(coalesce(e.stickiness.type), "lb_cookie"))
    ])
    error_message = "extra_target_groups: stickiness.type must be lb_cookie or app_cookie on an ALB, source_ip on an NLB: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.stickiness.type}\"" if !contains(["lb_cookie", "app_cookie", "source_ip"], try(coalesce(e.stickiness.type), "lb_cookie"))])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : try(e.stickiness.type, null) != "app_cookie" || try(length(e.stickiness.cookie_name) > 0, false)
    ])
    error_message = "extra_target_groups: stickiness.type app_cookie needs stickiness.cookie_name: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has none" if !(try(e.stickiness.type, null) != "app_cookie" || try(length(e.stickiness.cookie_name) > 0, false))])}."
  }

  # The provider would plan to set it again and again.
  validation {
    condition = alltrue([
      for e in var.extra_target_groups : try(coalesce(e.stickiness.cookie_name), null) == null || try(e.stickiness.type, null) == "app_cookie"
    ])
    error_message = "extra_target_groups: stickiness.cookie_name needs stickiness.type app_cookie: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.stickiness.cookie_name}\"" if !(try(coalesce(e.stickiness.cookie_name), null) == null || try(e.stickiness.type, null) == "app_cookie")])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : !startswith(try(coalesce(e.stickiness.cookie_name), "none"), "AWSALB")
    ])
    error_message = "extra_target_groups: stickiness.cookie_name must not begin with AWSALB, the load balancer's own cookies: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.stickiness.cookie_name}\"" if !(!startswith(try(coalesce(e.stickiness.cookie_name), "none"), "AWSALB"))])}."
  }

  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for cidr in coalesce(e.ingress_cidr_blocks, []) : can(cidrhost(cidr, 0)) && !strcontains(cidr, ":")
      ]
    ]))
    error_message = "extra_target_groups: ingress_cidr_blocks must hold IPv4 networks: ${join(", ", flatten([for k, e in var.extra_target_groups : [for cidr in coalesce(e.ingress_cidr_blocks, []) : "\"${k}\" has \"${cidr}\"" if !(can(cidrhost(cidr, 0)) && !strcontains(cidr, ":"))]]))}."
  }

  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for cidr in coalesce(e.ingress_ipv6_cidr_blocks, []) : can(cidrhost(cidr, 0)) && strcontains(cidr, ":")
      ]
    ]))
    error_message = "extra_target_groups: ingress_ipv6_cidr_blocks must hold IPv6 networks: ${join(", ", flatten([for k, e in var.extra_target_groups : [for cidr in coalesce(e.ingress_ipv6_cidr_blocks, []) : "\"${k}\" has \"${cidr}\"" if !(can(cidrhost(cidr, 0)) && strcontains(cidr, ":"))]]))}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : e.certificate_arn == null || contains(["HTTPS", "TLS"], coalesce(e.listener_protocol, e.protocol == "TLS" ? "TLS" : contains(["TCP", "UDP"], e.protocol) ? e.protocol : "HTTPS"))
    ])
    error_message = "extra_target_groups: certificate_arn needs an HTTPS or TLS listener: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has a ${coalesce(e.listener_protocol, e.protocol)} listener" if !(e.certificate_arn == null || contains(["HTTPS", "TLS"], coalesce(e.listener_protocol, e.protocol == "TLS" ? "TLS" : contains(["TCP", "UDP"], e.protocol) ? e.protocol : "HTTPS")))])}."
  }

  validation {
    condition = alltrue([
      for e in var.extra_target_groups : try(coalesce(e.stickiness.cookie_duration), 1) >= 1 && try(coalesce(e.stickiness.cookie_duration), 1) <= 604800 && floor(try(coalesce(e.stickiness.cookie_duration), 1)) == try(coalesce(e.stickiness.cookie_duration), 1)
    ])
    error_message = "extra_target_groups: stickiness.cookie_duration must be a whole number of seconds from 1 to 604800: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has ${e.stickiness.cookie_duration}" if !(try(coalesce(e.stickiness.cookie_duration), 1) >= 1 && try(coalesce(e.stickiness.cookie_duration), 1) <= 604800 && floor(try(coalesce(e.stickiness.cookie_duration), 1)) == try(coalesce(e.stickiness.cookie_duration), 1))])}."
  }

  validation {
    condition = alltrue(flatten([
      for e in var.extra_target_groups : [
        for list in [e.ingress_cidr_blocks, e.ingress_ipv6_cidr_blocks, e.ingress_security_group_ids] :
        length(distinct(coalesce(list, []))) == length(coalesce(list, []))
      ]
    ]))
    error_message = "extra_target_groups: an ingress network or security group may stand once: ${join(", ", flatten([for k, e in var.extra_target_groups : [for list in [e.ingress_cidr_blocks, e.ingress_ipv6_cidr_blocks, e.ingress_security_group_ids] : "\"${k}\" has ${jsonencode(list)}" if length(distinct(coalesce(list, []))) != length(coalesce(list, []))]]))}."
  }

  validation {
    condition     = alltrue([for e in var.extra_target_groups : (e.certificate_arn == null ? true : can(regex("^arn:[^:]+:(acm|iam):", e.certificate_arn)))])
    error_message = "extra_target_groups: certificate_arn must be the ARN of a certificate: ${join(", ", [for k, e in var.extra_target_groups : "\"${k}\" has \"${e.certificate_arn}\"" if !(e.certificate_arn == null ? true : can(regex("^arn:[^:]+:(acm|iam):", e.certificate_arn)))])}."
  }
}
