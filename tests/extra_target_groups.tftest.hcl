# Extra target groups on an ALB: defaults, names, who may reach them.

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

  container_healthcheck_command = "true" # the default asks port 80
}

run "defaults" {
  command = plan

  variables {
    extra_target_groups = {
      otlp_grpc = {
        listener_port  = 4317
        container_port = 4318
      }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["4317"].protocol == "HTTPS" && aws_lb_listener.extra["4317"].port == 4317 && aws_lb_listener.extra["4317"].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    error_message = "The listener is ${aws_lb_listener.extra["4317"].protocol} on ${aws_lb_listener.extra["4317"].port}, not HTTPS on 4317."
  }

  assert {
    condition     = aws_lb_target_group.extra["otlp_grpc"].protocol == "HTTP" && aws_lb_target_group.extra["otlp_grpc"].protocol_version == "HTTP1" && aws_lb_target_group.extra["otlp_grpc"].port == 4318
    error_message = "The target group is not HTTP/1 on 4318."
  }

  assert {
    condition = one([
      for check in aws_lb_target_group.extra["otlp_grpc"].health_check :
      [check.protocol, check.path, check.port, check.matcher, tostring(check.interval), tostring(check.timeout), tostring(check.healthy_threshold), tostring(check.unhealthy_threshold)]
    ]) == ["HTTP", "/", "traffic-port", "200-299", "30", "5", "2", "3"]
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["otlp_grpc"].health_check)}"
  }

  assert {
    condition = one([
      for rule in aws_security_group.extra_listeners["listeners"].ingress : "${rule.cidr_blocks[0]} ${rule.protocol} ${rule.from_port}-${rule.to_port}"
    ]) == "0.0.0.0/0 tcp 4317-4317"
    error_message = "Ingress: ${jsonencode(aws_security_group.extra_listeners["listeners"].ingress)}"
  }

  assert {
    condition     = sort([for load_balancer in aws_ecs_service.this.load_balancer : tostring(load_balancer.container_port)]) == tolist(["4318", "8080"])
    error_message = "The service does not register both ports."
  }

  assert {
    condition     = output.extra_target_groups["otlp_grpc"].url == "https://tempo.example.com:4317"
    error_message = "URL: ${output.extra_target_groups["otlp_grpc"].url}"
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.extra_unhealthy_hosts) == ["otlp_grpc"] && length(local.dashboard_panels) == 3
    error_message = "The entry has no alarm, or no panel."
  }
}

run "grpc" {
  command = plan

  variables {
    extra_target_groups = {
      otlp_grpc = {
        listener_port    = 4317
        container_port   = 4317
        protocol_version = "GRPC"
      }
    }
  }

  assert {
    condition = one([
      for check in aws_lb_target_group.extra["otlp_grpc"].health_check : [check.protocol, check.path, check.matcher]
    ]) == ["HTTP", "/AWS.ALB/healthcheck", "12"]
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["otlp_grpc"].health_check)}"
  }

  assert {
    condition     = aws_lb_target_group.extra["otlp_grpc"].protocol_version == "GRPC" && aws_lb_listener.extra["4317"].protocol == "HTTPS"
    error_message = "No gRPC behind HTTPS."
  }
}

run "everything_said_outright" {
  command = plan

  variables {
    extra_target_groups = {
      admin = {
        listener_port                 = 8443
        container_port                = 8443
        protocol                      = "HTTPS"
        protocol_version              = "HTTP2"
        listener_protocol             = "HTTPS"
        certificate_arn               = "arn:aws:acm:us-west-2:123456789012:certificate/1"
        ingress_cidr_blocks           = ["10.0.0.0/8", "192.168.0.0/16"]
        ingress_security_group_ids    = ["sg-1"]
        deregistration_delay          = 10
        slow_start                    = 30
        load_balancing_algorithm_type = "round_robin"
        stickiness                    = { type = "app_cookie", cookie_name = "session", cookie_duration = 60 }
        health_check                  = { path = "/ready", matcher = "200,204", interval = 10, timeout = 3, healthy_threshold = 4, unhealthy_threshold = 5 }
      }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["8443"].certificate_arn == "arn:aws:acm:us-west-2:123456789012:certificate/1"
    error_message = "The listener has not the entry's certificate."
  }

  assert {
    condition = (
      flatten(aws_security_group.extra_listeners["listeners"].ingress[*].cidr_blocks) == ["10.0.0.0/8", "192.168.0.0/16"]
      && flatten([for rule in aws_security_group.extra_listeners["listeners"].ingress : tolist(rule.security_groups)]) == ["sg-1"]
    )
    error_message = "The entry's ingress is not what it says."
  }

  assert {
    condition     = tonumber(aws_lb_target_group.extra["admin"].deregistration_delay) == 10 && aws_lb_target_group.extra["admin"].slow_start == 30
    error_message = "The target group's attributes are not what the entry says."
  }

  assert {
    condition     = one([for stickiness in aws_lb_target_group.extra["admin"].stickiness : [stickiness.type, stickiness.cookie_name, tostring(stickiness.cookie_duration)]]) == ["app_cookie", "session", "60"]
    error_message = "Stickiness: ${jsonencode(aws_lb_target_group.extra["admin"].stickiness)}"
  }

  assert {
    condition = one([
      for check in aws_lb_target_group.extra["admin"].health_check :
      [check.protocol, check.path, check.matcher, tostring(check.interval), tostring(check.timeout), tostring(check.healthy_threshold), tostring(check.unhealthy_threshold)]
    ]) == ["HTTPS", "/ready", "200,204", "10", "3", "4", "5"]
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["admin"].health_check)}"
  }
}

run "plain_http_has_no_certificate" {
  command = plan

  variables {
    extra_target_groups = {
      plain = { listener_port = 8081, container_port = 8081, listener_protocol = "HTTP" }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["8081"].protocol == "HTTP" && aws_lb_listener.extra["8081"].certificate_arn == null
    error_message = "The listener is not plain HTTP."
  }

  assert {
    condition     = output.extra_target_groups["plain"].url == "http://tempo.example.com:8081"
    error_message = "URL: ${output.extra_target_groups["plain"].url}"
  }
}

run "an_entry_of_one_network_leaves_out_the_world" {
  command = plan

  variables {
    extra_target_groups = {
      office = { listener_port = 8081, container_port = 8081, ingress_cidr_blocks = ["192.0.2.0/24"] }
    }
  }

  assert {
    condition     = [for rule in aws_security_group.extra_listeners["listeners"].ingress : rule.cidr_blocks] == [tolist(["192.0.2.0/24"])]
    error_message = "The listener is open to ${jsonencode(aws_security_group.extra_listeners["listeners"].ingress)}."
  }
}

# Neither the order nor a duplicate changes anything: the rules are a set.
run "clients_in_one_order" {
  command = plan

  variables {
    extra_target_groups = {
      a = { listener_port = 8081, container_port = 8081, ingress_cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"], ingress_security_group_ids = ["sg-1", "sg-2"] }
      b = { listener_port = 8082, container_port = 8081, ingress_cidr_blocks = [] }
    }
  }

  assert {
    condition     = length(aws_security_group.extra_listeners["listeners"].ingress) == 1
    error_message = "A listener that nobody may reach has a rule: ${jsonencode(aws_security_group.extra_listeners["listeners"].ingress)}"
  }
}

run "clients_in_another_order" {
  command = plan

  variables {
    extra_target_groups = {
      a = { listener_port = 8081, container_port = 8081, ingress_cidr_blocks = ["192.168.0.0/16", "10.0.0.0/8", "10.0.0.0/8"], ingress_security_group_ids = ["sg-2", "sg-1", "sg-2"] }
      b = { listener_port = 8082, container_port = 8081, ingress_cidr_blocks = [] }
    }
  }

  assert {
    condition = one([for rule in aws_security_group.extra_listeners["listeners"].ingress : jsonencode([rule.cidr_blocks, rule.security_groups])]) == jsonencode([
      ["10.0.0.0/8", "192.168.0.0/16"], ["sg-1", "sg-2"],
    ])
    error_message = "Rules: ${jsonencode(aws_security_group.extra_listeners["listeners"].ingress)}"
  }
}

run "container_ports_are_mapped_once" {
  command = plan

  variables {
    container_port = 80
    extra_target_groups = {
      a = { listener_port = 8081, container_port = 8081 }
      b = { listener_port = 8082, container_port = 8081 }
      c = { listener_port = 8083, container_port = 80 }
    }
  }

  assert {
    condition     = [for mapping in local.container_definition.portMappings : mapping.containerPort] == [80, 8081]
    error_message = "Port mappings: ${jsonencode(local.container_definition.portMappings)}"
  }

  assert {
    condition     = sort([for load_balancer in aws_ecs_service.this.load_balancer : tostring(load_balancer.container_port)]) == tolist(["80", "80", "8081", "8081"])
    error_message = "The service does not register each target group."
  }
}

run "names_keep_aws_rules" {
  command = plan

  variables {
    service_name = "a_service-with_a-very-long-name-that-does-not-fit"
    extra_target_groups = {
      "otlp_grpc"                                   = { listener_port = 8081, container_port = 8081 }
      "otlp-grpc"                                   = { listener_port = 8082, container_port = 8081 }
      "___"                                         = { listener_port = 8083, container_port = 8081 }
      "a key with spaces, ümläute and far too long" = { listener_port = 8084, container_port = 8081 }
    }
  }

  assert {
    condition     = alltrue([for name in values(local.extra_target_group_names) : length(name) <= 32 && can(regex("^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$", name))])
    error_message = "Names: ${jsonencode(local.extra_target_group_names)}"
  }

  assert {
    condition     = length(distinct(values(local.extra_target_group_names))) == 4
    error_message = "Two keys make one name: ${jsonencode(local.extra_target_group_names)}"
  }

  assert {
    condition     = strcontains(local.extra_target_group_names["otlp_grpc"], "otlp-grpc")
    error_message = "The key can't be recognized in ${local.extra_target_group_names["otlp_grpc"]}."
  }

  assert {
    condition     = length(local.load_balancer_name) <= 32 && can(regex("^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$", local.load_balancer_name))
    error_message = "Name of the load balancer: ${local.load_balancer_name}"
  }
}

run "load_balancer_name_never_begins_internal" {
  command = plan

  variables {
    service_name = "internal-api"
  }

  assert {
    condition     = !startswith(local.load_balancer_name, "internal-")
    error_message = "AWS refuses the name ${local.load_balancer_name}."
  }
}

run "load_balancer_name_of_a_service_named_internal" {
  command = plan

  variables {
    service_name = "internal"
  }

  assert {
    condition     = !startswith(local.load_balancer_name, "internal-")
    error_message = "AWS refuses the name ${local.load_balancer_name}."
  }
}

run "renamed_key_keeps_its_listener_and_task_definition" {
  command = plan

  variables {
    extra_target_groups = {
      zz = { listener_port = 4317, container_port = 4317 }
      aa = { listener_port = 9411, container_port = 9411 }
    }
  }

  assert {
    condition     = keys(aws_lb_listener.extra) == ["4317", "9411"]
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }

  assert {
    condition     = [for mapping in local.container_definition.portMappings : mapping.containerPort] == [4317, 8080, 9411]
    error_message = "Port mappings follow the keys: ${jsonencode(local.container_definition.portMappings)}"
  }
}

# An attribute that is left out of the target group would keep its last value.
run "what_is_not_set_is_off" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317 }
    }
  }

  assert {
    condition     = one([for stickiness in aws_lb_target_group.extra["otlp"].stickiness : "${stickiness.type} ${stickiness.enabled}"]) == "lb_cookie false"
    error_message = "Stickiness: ${jsonencode(aws_lb_target_group.extra["otlp"].stickiness)}"
  }

  assert {
    condition     = aws_lb_target_group.extra["otlp"].load_balancing_algorithm_type == "round_robin"
    error_message = "Algorithm: ${aws_lb_target_group.extra["otlp"].load_balancing_algorithm_type}"
  }
}

run "a_health_check_port_beside_a_host_port" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, host_port = 4317, health_check = { port = "9100" } }
    }
  }

  assert {
    condition     = one([for check in aws_lb_target_group.extra["otlp"].health_check : check.port]) == "9100"
    error_message = "Health check: ${jsonencode(aws_lb_target_group.extra["otlp"].health_check)}"
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.extra_backend) == ["tcp 4317", "tcp 9100"]
    error_message = "Ports of the instances: ${jsonencode(keys(aws_vpc_security_group_ingress_rule.extra_backend))}"
  }
}

run "an_alb_leaves_the_container_port_to_the_entries" {
  command = plan

  variables {
    container_port = 8081
    extra_target_groups = {
      same = { listener_port = 8081, container_port = 8081 }
    }
  }

  assert {
    condition     = aws_lb_listener.extra["8081"].protocol == "HTTPS"
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }
}
