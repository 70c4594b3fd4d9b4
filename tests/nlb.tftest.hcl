# The network load balancer: its primary listener and extra target groups.

mock_provider "aws" {
  source = "./tests/mocks/aws"
}

mock_provider "aws" {
  alias  = "dns"
  source = "./tests/mocks/dns"
}

variables {
  service_name          = "tempo"
  docker_image          = "grafana/tempo:2.6.1"
  alarm_emails          = ["alarms@example.com"]
  asg_subnets           = ["subnet-a", "subnet-b"]
  load_balancer_subnets = ["subnet-c", "subnet-d"]
  zone_id               = "Z0123456789"
  dns_names             = ["tempo"]
  lb_type               = "NLB"
  container_port        = 3200

  container_healthcheck_command = "true" # the default asks port 80
}

run "shape" {
  command = plan

  assert {
    condition     = length(module.tcp_pod) == 1 && length(module.website_pod) == 0
    error_message = "lb_type NLB makes no network load balancer."
  }

  assert {
    condition     = output.ssl_listener_arn == null && output.acm_certificate_arn == null && output.access_log_bucket_name == null
    error_message = "Outputs of an ALB are set on an NLB."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.unhealthy_hosts.namespace == "AWS/NetworkELB" && length(aws_cloudwatch_metric_alarm.latency) == 0 && length(aws_cloudwatch_metric_alarm.success_rate) == 0
    error_message = "The alarms are those of an ALB."
  }

  assert {
    condition     = module.extra_target_groups.primary_stickiness.enabled && module.extra_target_groups.primary_stickiness.type == "source_ip"
    error_message = "Stickiness: ${jsonencode(module.extra_target_groups.primary_stickiness)}"
  }
}

run "one_subnet_is_enough" {
  command = plan

  variables {
    load_balancer_subnets = ["subnet-c"]
  }

  assert {
    condition     = length(module.tcp_pod) == 1
    error_message = "There is no network load balancer."
  }
}

run "tcp" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP" }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["4317"].protocol == "TCP" && aws_lb_target_group.extra["otlp"].protocol == "TCP" && local.extra_target_groups["otlp"].protocol_version == null
    error_message = "The entry is not plain TCP."
  }

  assert {
    condition     = one([for check in aws_lb_target_group.extra["otlp"].health_check : check.protocol]) == "TCP"
    error_message = "The health check is no TCP check."
  }

  assert {
    condition     = output.extra_target_groups["otlp"].url == "tcp://tempo.example.com:4317"
    error_message = "URL: ${output.extra_target_groups["otlp"].url}"
  }
}

run "http_check_by_a_path" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", health_check = { path = "/ready" } }
    }
  }

  assert {
    condition     = one([for check in aws_lb_target_group.extra["otlp"].health_check : [check.protocol, check.path, check.matcher]]) == ["HTTP", "/ready", "200-299"]
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["otlp"].health_check)}"
  }
}

run "tls" {
  command = plan

  variables {
    extra_target_groups = {
      ends  = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1" }
      again = { listener_port = 4318, container_port = 4318, protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1" }
    }
  }

  assert {
    condition     = alltrue([for port in ["4317", "4318"] : aws_lb_listener.extra[port].protocol == "TLS" && aws_lb_listener.extra[port].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"])
    error_message = "The listeners are not TLS with ssl_policy."
  }

  assert {
    condition     = aws_lb_target_group.extra["ends"].protocol == "TCP" && aws_lb_target_group.extra["again"].protocol == "TLS"
    error_message = "The target groups are not what the entries say."
  }
}

run "udp" {
  command = plan

  variables {
    extra_target_groups = {
      syslog = { listener_port = 514, container_port = 5140, host_port = 514, protocol = "UDP", health_check = { port = "8081" } }
      web    = { listener_port = 80, container_port = 8081, host_port = 8081, protocol = "TCP" }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["514"].protocol == "UDP" && contains([for rule in aws_security_group.extra_listeners["listeners"].ingress : "${rule.protocol} ${rule.from_port}"], "udp 514")
    error_message = "The listener is not UDP."
  }

  assert {
    condition = jsonencode(local.container_definition.portMappings) == jsonencode([
      { containerPort = 3200, hostPort = 0, protocol = "tcp" },
      { containerPort = 5140, hostPort = 514, protocol = "udp" },
      { containerPort = 8081, hostPort = 8081, protocol = "tcp" },
    ])
    error_message = "Port mappings: ${jsonencode(local.container_definition.portMappings)}"
  }

  # The health check's port is open once, although two entries need it.
  assert {
    condition = alltrue([
      for rules in [aws_vpc_security_group_ingress_rule.extra_backend, aws_vpc_security_group_egress_rule.extra_backend] :
      { for key, rule in rules : key => "${rule.ip_protocol} ${rule.from_port}-${rule.to_port}" } == { "tcp 8081" = "tcp 8081-8081", "udp 514" = "udp 514-514" }
    ])
    error_message = "Ports of the instances: ${jsonencode(keys(aws_vpc_security_group_ingress_rule.extra_backend))}"
  }
}

run "the_primary_port_can_be_fixed_too" {
  command = plan

  variables {
    extra_target_groups = {
      again = { listener_port = 9000, container_port = 3200, host_port = 3200, protocol = "TCP" }
    }
  }

  assert {
    condition     = jsonencode(local.container_definition.portMappings) == jsonencode([{ containerPort = 3200, hostPort = 3200, protocol = "tcp" }])
    error_message = "Port mappings: ${jsonencode(local.container_definition.portMappings)}"
  }
}

# An instance runs one task then: ten tasks, and the next one of a deployment.
run "a_host_port_takes_an_instance_for_each_task" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, host_port = 4317, protocol = "TCP" }
    }
  }

  assert {
    condition     = module.sizing.max_size == 11
    error_message = "At most ${module.sizing.max_size} instances."
  }
}

run "names_of_an_nlb_differ_from_those_of_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP" }
    }
  }

  assert {
    condition     = length(local.load_balancer_name) <= 32 && length(local.extra_target_group_names["otlp"]) <= 32
    error_message = "Names: ${local.load_balancer_name}, ${local.extra_target_group_names["otlp"]}"
  }
}

run "tls_targets_are_checked_by_https" {
  command = plan

  variables {
    extra_target_groups = {
      itself = { listener_port = 4317, container_port = 4317, protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1", health_check = { path = "/ready" } }
      agent  = { listener_port = 4318, container_port = 4318, host_port = 4318, protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1", health_check = { path = "/ready", port = "51678" } }
    }
  }

  assert {
    condition     = { for key, group in aws_lb_target_group.extra : key => one(group.health_check[*].protocol) } == { itself = "HTTPS", agent = "HTTP" }
    error_message = "Health checks: ${jsonencode({ for key, group in aws_lb_target_group.extra : key => one(group.health_check[*].protocol) })}"
  }
}

# An attribute that is left out of the target group would keep its last value.
run "what_is_not_set_is_off" {
  command = plan

  variables {
    extra_target_groups = {
      tcp = { listener_port = 4317, container_port = 4317, protocol = "TCP" }
      tls = { listener_port = 4318, container_port = 4318, protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1" }
    }
  }

  assert {
    condition     = one([for stickiness in aws_lb_target_group.extra["tcp"].stickiness : "${stickiness.type} ${stickiness.enabled}"]) == "source_ip false"
    error_message = "Stickiness: ${jsonencode(aws_lb_target_group.extra["tcp"].stickiness)}"
  }

  assert {
    condition     = local.extra_target_groups["tls"].stickiness == null && local.extra_target_groups["tcp"].load_balancing_algorithm_type == null
    error_message = "TLS targets have stickiness, or targets of an NLB an algorithm: ${jsonencode(local.extra_target_groups)}"
  }
}

run "an_nlb_leaves_port_443_to_the_entries" {
  command = plan

  variables {
    extra_target_groups = {
      web = { listener_port = 443, container_port = 8443, protocol = "TCP" }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["443"].protocol == "TCP"
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }
}

run "a_health_check_may_take_its_whole_interval" {
  command = plan

  variables {
    healthcheck_interval = 10
    healthcheck_timeout  = 10
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", health_check = { interval = 10, timeout = 10 } }
    }
  }

  assert {
    condition     = one([for check in aws_lb_target_group.extra["otlp"].health_check : check.timeout]) == 10
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["otlp"].health_check)}"
  }
}

run "an_empty_path_is_none" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", certificate_arn = null, health_check = { path = "", matcher = "" } }
    }
  }

  assert {
    condition     = one([for check in aws_lb_target_group.extra["otlp"].health_check : check.protocol]) == "TCP"
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["otlp"].health_check)}"
  }
}

run "underscores_in_names_of_an_nlb" {
  command = plan

  variables {
    dns_names = ["_my_service"]
  }

  assert {
    condition     = output.dns_hostnames == ["_my_service.example.com"]
    error_message = "Host names: ${jsonencode(output.dns_hostnames)}"
  }
}

# A port that changes hands keeps its listener, which AWS has once per port: it is
# neither created nor destroyed.
run "ports_before_they_change_hands" {
  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP" }
    }
  }

  assert {
    condition     = { for key, listener in aws_lb_listener.extra : key => listener.port } == { "4317" = 4317, "primary" = 3200 }
    error_message = "Listeners: ${jsonencode({ for key, listener in aws_lb_listener.extra : key => listener.port })}"
  }
}

run "ports_that_change_hands" {
  variables {
    container_port = 4317
    extra_target_groups = {
      query = { listener_port = 3200, container_port = 3200, protocol = "TCP" }
    }
  }

  assert {
    condition     = { for key, listener in aws_lb_listener.extra : key => listener.port } == { "4317" = 4317, "primary" = 3200 }
    error_message = "Listeners: ${jsonencode({ for key, listener in aws_lb_listener.extra : key => listener.port })}"
  }

  assert {
    condition     = [for rule in aws_security_group.extra_listeners["listeners"].ingress : rule.from_port] == [3200]
    error_message = "Clients of the entry are admitted to other ports."
  }

  assert {
    condition     = output.extra_target_groups["query"].listener_arn == aws_lb_listener.extra["primary"].arn
    error_message = "The entry has another listener: ${output.extra_target_groups["query"].listener_arn}"
  }
}
