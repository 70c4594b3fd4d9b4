# Entries that the load balancer's type does not support, one rule a run.

variables {
  lb_type                = "alb"
  primary_listener_ports = [80, 443]
  primary_container_port = 8080
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  region                 = "us-west-2"
}

run "port_80_on_an_alb" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 80, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must not be 80, which the load balancer's own listener uses.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "port_443_on_an_alb" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 443, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must not be 443, which the load balancer's own listener uses.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "primary_port_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 3200, container_port = 4317, protocol = "TCP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must not be 3200, which the load balancer's own listener uses.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "tcp_on_an_alb" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "HTTPS" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol must be HTTP or HTTPS on an ALB, not \"TCP\": lb_type nlb has that.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "tcp_listener_on_an_alb" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, listener_protocol = "TCP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_protocol must be HTTP or HTTPS on an ALB, not \"TCP\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "http_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol must be TCP, TLS or UDP on an NLB, not \"HTTP\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "https_listener_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "HTTPS" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_protocol must be TCP, TLS or UDP on an NLB, not \"HTTPS\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "tls_behind_tcp_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TLS", listener_protocol = "TCP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol TLS is not supported behind a TCP listener.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "tls_without_certificate_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "TLS" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].certificate_arn must be set for a TLS listener, not null: the module has no certificate for an NLB.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "slow_start_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", slow_start = 30 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].slow_start is supported only by ALBs, so it must not be 30 on an NLB.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "algorithm_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = {
        listener_port                 = 4317
        container_port                = 4317
        protocol                      = "TCP"
        load_balancing_algorithm_type = "round_robin"
      }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].load_balancing_algorithm_type is supported only by ALBs, so it must not be \"round_robin\" on an NLB.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "grpc_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", protocol_version = "GRPC" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol_version is supported only by ALBs, so it must not be \"GRPC\" on an NLB.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "source_ip_stickiness_on_an_alb" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "source_ip" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.type must be lb_cookie or app_cookie on an ALB, not \"source_ip\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "cookie_stickiness_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", stickiness = { type = "lb_cookie" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.type must be source_ip on an NLB, not \"lb_cookie\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "udp_without_a_health_check_port" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, host_port = 4317, protocol = "UDP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.port must be a TCP port, such as another entry's host_port, not traffic-port: a UDP port can't be checked.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "stickiness_of_a_tls_listener" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1", stickiness = {} }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness is not supported with TLS: protocol is TCP, listener_protocol TLS.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "stickiness_of_tls_targets" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1", stickiness = { type = "source_ip" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness is not supported with TLS: protocol is TLS, listener_protocol TLS.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "matcher_of_a_tcp_check" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", health_check = { matcher = "200" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.matcher \"200\" needs health_check.path on an NLB, whose TCP check gets no codes.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "certificate_of_another_region" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].certificate_arn must be in the load balancer's region us-west-2, not us-east-1.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "timeout_above_interval_on_an_nlb" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", health_check = { interval = 10, timeout = 11 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.timeout must not exceed interval 10 on an NLB, but is 11.",
    ])
    error_message = jsonencode(output.faults)
  }
}
