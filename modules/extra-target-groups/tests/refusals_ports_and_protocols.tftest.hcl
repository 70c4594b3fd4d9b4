# Ports, protocols, ingress and certificates that are refused, one rule a run.

variables {
  lb_type                = "alb"
  primary_listener_ports = [80, 443]
  primary_container_port = 8080
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  region                 = "us-west-2"
}

run "more_than_four_entries" {
  command = plan

  variables {
    entries = {
      e0 = { listener_port = 9000, container_port = 4317 }
      e1 = { listener_port = 9001, container_port = 4317 }
      e2 = { listener_port = 9002, container_port = 4317 }
      e3 = { listener_port = 9003, container_port = 4317 }
      e4 = { listener_port = 9004, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups must have at most 4 entries, not 5: ECS allows five target groups per service, including the primary one.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "listener_port_of_zero" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 0, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must be a whole number from 1 to 65535, not 0.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "listener_port_above_65535" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 65536, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must be a whole number from 1 to 65535, not 65536.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "listener_port_with_a_fraction" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317.5, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must be a whole number from 1 to 65535, not 4317.5.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "container_port_of_zero" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 0 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].container_port must be a whole number from 1 to 65535, not 0.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "container_port_above_65535" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 70000 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].container_port must be a whole number from 1 to 65535, not 70000.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "container_port_with_a_fraction" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 1.5 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].container_port must be a whole number from 1 to 65535, not 1.5.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "listener_port_twice" {
  command = plan

  variables {
    entries = {
      a = { listener_port = 4317, container_port = 4317 }
      b = { listener_port = 4317, container_port = 4318 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"a\"].listener_port must be unique, but another entry also has 4317.",
      "extra_target_groups[\"b\"].listener_port must be unique, but another entry also has 4317.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "unknown_protocol" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "SPDY" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol must be HTTP or HTTPS on an ALB, not \"SPDY\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "protocol_in_lower_case" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "http" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol must be HTTP or HTTPS on an ALB, not \"http\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "unknown_protocol_version" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol_version = "HTTP3" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].protocol_version must be HTTP1, HTTP2 or GRPC, not \"HTTP3\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "unknown_listener_protocol" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, listener_protocol = "QUIC" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_protocol must be HTTP or HTTPS on an ALB, not \"QUIC\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "grpc_behind_http" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol_version = "GRPC", listener_protocol = "HTTP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_protocol must be HTTPS with protocol_version GRPC, not HTTP.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "http2_behind_http" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, protocol_version = "HTTP2", listener_protocol = "HTTP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_protocol must be HTTPS with protocol_version HTTP2, not HTTP.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "ingress_that_is_no_network" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, ingress_cidr_blocks = ["10.0.0.1"] }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].ingress_cidr_blocks: \"10.0.0.1\" is not a valid IPv4 network, such as 10.0.0.0/8.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "ipv6_ingress" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, ingress_ipv6_cidr_blocks = ["2001:db8::/32"] }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].ingress_ipv6_cidr_blocks must be removed: [\"2001:db8::/32\"] can't reach a load balancer with IPv4 only.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "certificate_on_an_http_listener" {
  command = plan

  variables {
    entries = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        listener_protocol = "HTTP"
        certificate_arn   = "arn:aws:acm:us-west-2:123456789012:certificate/1"
      }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].certificate_arn needs an HTTPS or TLS listener, not HTTP.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "certificate_that_is_no_arn" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, certificate_arn = "my-certificate" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].certificate_arn must be the ARN of an ACM or IAM certificate, not \"my-certificate\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "listener_port_of_null" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = null, container_port = 4317 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must be a whole number from 1 to 65535, not null.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "container_port_of_null" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = null }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].container_port must be a whole number from 1 to 65535, not null.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "certificate_without_arn" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, certificate_arn = "" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].certificate_arn must be the ARN of an ACM or IAM certificate, not \"\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "ingress_with_the_address_of_a_host" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, ingress_cidr_blocks = ["10.1.0.0/8", null] }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].ingress_cidr_blocks: \"10.1.0.0/8\" is not a valid IPv4 network, such as 10.0.0.0/8.",
      "extra_target_groups[\"otlp\"].ingress_cidr_blocks: null is not a valid IPv4 network, such as 10.0.0.0/8.",
    ])
    error_message = jsonencode(output.faults)
  }
}
