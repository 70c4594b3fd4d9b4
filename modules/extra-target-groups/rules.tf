# The rules of the entries. Each element of a list is one rule: the message, which
# names the key and the value, and the condition under which the entry is refused.
#
# A number is whole and from a to b if clamping it to a and b and rounding it down
# leaves it as it is: floor(min(max(n, a), b)) == n. For null the expression fails,
# and try() says whether null is refused.

locals {
  at         = { for key in keys(var.entries) : key => "extra_target_groups[\"${key}\"]" }
  at_primary = "stickiness"

  lb               = local.is_alb ? "an ALB" : "an NLB"
  protocols        = local.is_alb ? ["HTTP", "HTTPS"] : ["TCP", "TLS", "UDP"]
  protocol_list    = local.is_alb ? "HTTP or HTTPS" : "TCP, TLS or UDP"
  stickiness_types = local.is_alb ? ["lb_cookie", "app_cookie"] : ["source_ip"]
  algorithms       = ["round_robin", "least_outstanding_requests", "weighted_random"]

  # The container's ports by "tcp" or "udp": those of the entries, and the primary one.
  transports       = { for key, entry in var.entries : key => entry.protocol == "UDP" ? "udp" : "tcp" }
  mapped_tcp_ports = concat([var.primary_container_port], [for key, entry in var.entries : entry.container_port if local.transports[key] == "tcp"])

  # What would serve it, where it is the other load balancer.
  protocol_reason = {
    for key, entry in var.entries : key =>
    local.is_alb && contains(["TCP", "TLS", "UDP"], entry.protocol) ? ": lb_type nlb has that" : local.tcp_udp_reason[key]
  }

  # Why a port can't be for both. TCP_UDP targets need a container port that is mapped
  # twice, which ECS refuses.
  tcp_udp_reason = {
    for key, entry in var.entries : key => (
      entry.protocol == "TCP_UDP" || try(contains(local.udp_listener_ports, entry.listener_port), false)
      ? ": an NLB serves TCP and UDP on one port as TCP_UDP only, which ECS can't register, as it maps a container port once"
      : ""
    )
  }
  udp_listener_ports = [for entry in var.entries : entry.listener_port if entry.protocol == "UDP"]

  # SSH and Docker have these on every instance, and ECS places no task that asks for one:
  # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
  reserved_host_ports = [22, 2375, 2376]

  # Target group protocols by NLB listener protocol.
  nlb_target_protocols = { TCP = ["TCP"], TLS = ["TCP", "TLS"], UDP = ["UDP"] }

  # gRPC codes have one or two digits and HTTP codes three, so a matcher for one is
  # never valid for the other.
  grpc_codes = "^[0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?)*$"
  http_codes = "^[2-4][0-9]{2}(-[2-4][0-9]{2})?(,[2-4][0-9]{2}(-[2-4][0-9]{2})?)*$"

  faults = concat(
    # Count and ports

    [
      for count in [length(var.entries)] :
      "extra_target_groups must have at most 4 entries, not ${count}: ECS allows five target groups per service, including the primary one."
      if count > 4
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.listener_port must be a whole number from 1 to 65535, not ${jsonencode(entry.listener_port)}."
      if try(floor(min(max(entry.listener_port, 1), 65535)) != entry.listener_port, true)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.listener_port must be unique, but another entry also has ${jsonencode(entry.listener_port)}${local.tcp_udp_reason[key]}."
      if length([for other in var.entries : other if other.listener_port == entry.listener_port]) > 1
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.listener_port must not be ${entry.listener_port}, which the load balancer's own listener uses${local.tcp_udp_reason[key]}."
      if try(contains(var.primary_listener_ports, entry.listener_port), false)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.container_port must be a whole number from 1 to 65535, not ${jsonencode(entry.container_port)}."
      if try(floor(min(max(entry.container_port, 1), 65535)) != entry.container_port, true)
    ],
    # One mapping can't be both, and ECS takes a container port in one mapping only.
    [
      for key, entry in var.entries :
      "${local.at[key]}.container_port must not be ${entry.container_port}, which is a TCP port too: ECS maps a container port once, as TCP or UDP."
      if local.transports[key] == "udp" && try(contains(local.mapped_tcp_ports, entry.container_port), false)
    ],

    # Host ports

    [
      for key, entry in var.entries :
      "${local.at[key]}.host_port must be a whole number from 1 to 32767, below the dynamic ports, not ${entry.host_port}."
      if try(floor(min(max(entry.host_port, 1), 32767)) != entry.host_port, false)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.host_port must not be ${entry.host_port}, which SSH or Docker has on every instance."
      if try(contains(local.reserved_host_ports, entry.host_port), false)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.host_port must be unique, but ${entry.host_port} leads to another container port as well."
      if entry.host_port == null ? false : anytrue([
        for other_key, other in var.entries :
        other.host_port == entry.host_port && other.container_port != entry.container_port && local.transports[other_key] == local.transports[key]
      ])
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.host_port must be the same in all entries with container_port ${entry.container_port}, not ${jsonencode(entry.host_port)}."
      if anytrue([
        for other_key, other in var.entries :
        other.container_port == entry.container_port && other.host_port != entry.host_port && local.transports[other_key] == local.transports[key]
      ])
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.host_port must be set with UDP, not null: UDP needs a fixed health check port, which ECS refuses with a dynamic host port."
      if !local.is_alb && entry.protocol == "UDP" && entry.host_port == null
    ],

    # Protocols

    [
      for key, entry in var.entries :
      "${local.at[key]}.protocol must be ${local.protocol_list} on ${local.lb}, not ${jsonencode(entry.protocol)}${local.protocol_reason[key]}."
      if !contains(local.protocols, entry.protocol)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.listener_protocol must be ${local.protocol_list} on ${local.lb}, not \"${entry.listener_protocol}\"."
      if !contains(local.protocols, coalesce(entry.listener_protocol, local.protocols[0]))
    ],
    [
      for key, entry in local.entries :
      "${local.at[key]}.protocol ${entry.protocol} is not supported behind a ${entry.listener_protocol} listener."
      if !local.is_alb && !contains(lookup(local.nlb_target_protocols, entry.listener_protocol, [entry.protocol]), entry.protocol)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.protocol_version must be HTTP1, HTTP2 or GRPC, not \"${entry.protocol_version}\"."
      if !contains(["HTTP1", "HTTP2", "GRPC"], coalesce(entry.protocol_version, "HTTP1"))
    ],
    [
      for key, entry in local.entries :
      "${local.at[key]}.listener_protocol must be HTTPS with protocol_version ${entry.protocol_version}, not HTTP."
      if entry.listener_protocol == "HTTP" && contains(["HTTP2", "GRPC"], coalesce(entry.protocol_version, "HTTP1"))
    ],

    # Terraform would drop an attribute that the type does not have without a word.
    [
      for key, entry in var.entries :
      "${local.at[key]}.ingress_ipv6_cidr_blocks must be removed: ${jsonencode(entry.ingress_ipv6_cidr_blocks)} can't reach a load balancer with IPv4 only."
      if entry.ingress_ipv6_cidr_blocks != null
    ],

    # Attributes of the target group

    flatten([
      for key, entry in var.entries : [
        for name in ["protocol_version", "slow_start", "load_balancing_algorithm_type"] :
        "${local.at[key]}.${name} is supported only by ALBs, so it must not be ${jsonencode(entry[name])} on an NLB."
        if !local.is_alb && entry[name] != null
      ]
    ]),
    [
      for key, entry in var.entries :
      "${local.at[key]}.deregistration_delay must be a whole number of seconds from 0 to 3600, not ${entry.deregistration_delay}."
      if try(floor(min(max(entry.deregistration_delay, 0), 3600)) != entry.deregistration_delay, false)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.slow_start must be 0 or a whole number of seconds from 30 to 900, not ${entry.slow_start}."
      if try(entry.slow_start != 0 && floor(min(max(entry.slow_start, 30), 900)) != entry.slow_start, false)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.load_balancing_algorithm_type must be one of ${join(", ", local.algorithms)}, not \"${entry.load_balancing_algorithm_type}\"."
      if !contains(local.algorithms, coalesce(entry.load_balancing_algorithm_type, "round_robin"))
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.slow_start ${entry.slow_start} needs the round_robin algorithm, not ${entry.load_balancing_algorithm_type}."
      if coalesce(entry.slow_start, 0) != 0 && coalesce(entry.load_balancing_algorithm_type, "round_robin") != "round_robin"
    ],

    # Stickiness

    [
      for key, entry in local.entries :
      "${local.at[key]}.stickiness is not supported with TLS: protocol is ${entry.protocol}, listener_protocol ${entry.listener_protocol}."
      if contains([entry.protocol, entry.listener_protocol], "TLS") && try(entry.stickiness.enabled, false)
    ],
    [for fault in local.stickiness_faults : fault if !startswith(fault, local.at_primary)],

    # Health check

    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.interval must be a whole number of seconds from 5 to 300, not ${entry.health_check.interval}."
      if floor(min(max(entry.health_check.interval, 5), 300)) != entry.health_check.interval
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.timeout must be a whole number of seconds from 2 to 120, not ${entry.health_check.timeout}."
      if floor(min(max(entry.health_check.timeout, 2), 120)) != entry.health_check.timeout
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.timeout must be less than interval ${entry.health_check.interval}, not ${entry.health_check.timeout}."
      if local.is_alb && entry.health_check.timeout >= entry.health_check.interval
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.timeout must not exceed interval ${entry.health_check.interval} on an NLB, but is ${entry.health_check.timeout}."
      if !local.is_alb && entry.health_check.timeout > entry.health_check.interval
    ],
    flatten([
      for key, entry in var.entries : [
        for name in ["healthy_threshold", "unhealthy_threshold"] :
        "${local.at[key]}.health_check.${name} must be a whole number from 2 to 10, not ${entry.health_check[name]}."
        if floor(min(max(entry.health_check[name], 2), 10)) != entry.health_check[name]
      ]
    ]),
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.port must be traffic-port or a port number: \"${entry.health_check.port}\" is not a valid port."
      if entry.health_check.port != "traffic-port" && try(floor(min(max(entry.health_check.port, 1), 65535)) != tonumber(entry.health_check.port), true)
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.port must be a TCP port, such as another entry's host_port, not traffic-port: a UDP port can't be checked."
      if !local.is_alb && entry.protocol == "UDP" && entry.health_check.port == "traffic-port"
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.port must be traffic-port without host_port, not ${entry.health_check.port}: ECS refuses it with a dynamic host port."
      if entry.protocol != "UDP" && entry.host_port == null && entry.health_check.port != "traffic-port"
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.path must begin with / and have at most 1024 characters, not be \"${entry.health_check.path}\"."
      if !startswith(coalesce(entry.health_check.path, "/"), "/") || length(coalesce(entry.health_check.path, "/")) > 1024
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.matcher must be gRPC codes from 0 to 99, such as 12 or 0-99, not \"${entry.health_check.matcher}\"."
      if coalesce(entry.protocol_version, "HTTP1") == "GRPC" && !can(regex(local.grpc_codes, coalesce(entry.health_check.matcher, "12")))
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.matcher must be HTTP codes from 200 to 499, such as 200,302 or 200-299, not \"${entry.health_check.matcher}\"."
      if coalesce(entry.protocol_version, "HTTP1") != "GRPC" && !can(regex(local.http_codes, coalesce(entry.health_check.matcher, "200")))
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.matcher must have ranges that begin with the lower code, not \"${entry.health_check.matcher}\"."
      if anytrue([
        for range in split(",", coalesce(entry.health_check.matcher, "200")) : try(tonumber(split("-", range)[0]) > tonumber(split("-", range)[1]), false)
      ])
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.health_check.matcher \"${entry.health_check.matcher}\" needs health_check.path on an NLB, whose TCP check gets no codes."
      if !local.is_alb && local.checks[key].matcher != null && local.checks[key].path == null
    ],
  )

  # Rules about values that the same plan may create. While one of them is unknown,
  # so is this list, and the apply checks it; the rules above are not affected.
  reference_faults = concat(
    [
      for key, entry in local.entries :
      "${local.at[key]}.certificate_arn must be set for a TLS listener, not null: the module has no certificate for an NLB."
      if entry.listener_protocol == "TLS" && entry.certificate_arn == null
    ],
    [
      for key, entry in local.entries :
      "${local.at[key]}.certificate_arn needs an HTTPS or TLS listener, not ${entry.listener_protocol}."
      if !contains(["HTTPS", "TLS"], entry.listener_protocol) && entry.certificate_arn != null
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.certificate_arn must be the ARN of an ACM or IAM certificate, not \"${entry.certificate_arn}\"."
      if entry.certificate_arn == null ? false : !can(regex("^arn:[^:]+:(acm|iam):", entry.certificate_arn))
    ],
    [
      for key, entry in var.entries :
      "${local.at[key]}.certificate_arn must be in the load balancer's region ${var.region}, not ${split(":", entry.certificate_arn)[3]}."
      if try(!contains(["", var.region], split(":", entry.certificate_arn)[3]), false)
    ],
    # What AWS gives back is the network's address, in lower case.
    flatten([
      for key, entry in var.entries : [
        for cidr in coalesce(entry.ingress_cidr_blocks, []) :
        "${local.at[key]}.ingress_cidr_blocks: ${jsonencode(cidr)} is not a valid IPv4 network, such as 10.0.0.0/8."
        if try(cidrsubnet(cidr, 0, 0) != cidr || strcontains(cidr, ":"), true)
      ]
    ]),
  )

  # The rules of what the primary target group has as well.
  primary_stickiness_faults = [for fault in local.stickiness_faults : fault if startswith(fault, local.at_primary)]
  stickiness_faults = concat(
    [
      for at, stickiness in local.stickiness :
      "${at}.type must be ${join(" or ", local.stickiness_types)} on ${local.lb}, not \"${stickiness.type}\"."
      if !contains(local.stickiness_types, stickiness.type)
    ],
    [
      for at, stickiness in local.stickiness :
      "${at}.cookie_name must be set with type app_cookie."
      if stickiness.type == "app_cookie" && stickiness.cookie_name == null
    ],
    # The provider would plan to set it again and again.
    [
      for at, stickiness in local.stickiness :
      "${at}.cookie_name \"${stickiness.cookie_name}\" is supported only with type app_cookie."
      if stickiness.cookie_name != null && stickiness.type != "app_cookie"
    ],
    [
      for at, stickiness in local.stickiness :
      "${at}.cookie_name must not begin with AWSALB, which ALBs reserve, but is \"${stickiness.cookie_name}\"."
      if startswith(coalesce(stickiness.cookie_name, "none"), "AWSALB")
    ],
    [
      for at, stickiness in local.stickiness :
      "${at}.cookie_duration must be a whole number of seconds from 1 to 604800, not ${stickiness.cookie_duration}."
      if try(floor(min(max(stickiness.cookie_duration, 1), 604800)) != stickiness.cookie_duration, false)
    ],
  )
}
