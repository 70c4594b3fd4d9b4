# Wrong entries of extra_target_groups: how many there are, their ports and
# protocols, who may reach them, their certificates. One rule a run.

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
}

run "more_than_four_entries" {
  command = plan

  variables {
    extra_target_groups = {
      e0 = { listener_port = 9000, container_port = 4317 }
      e1 = { listener_port = 9001, container_port = 4317 }
      e2 = { listener_port = 9002, container_port = 4317 }
      e3 = { listener_port = 9003, container_port = 4317 }
      e4 = { listener_port = 9004, container_port = 4317 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_of_zero" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 0, container_port = 4317 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_above_65535" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 65536, container_port = 4317 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317.5, container_port = 4317 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_of_zero" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 0 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_above_65535" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 70000 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 1.5 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_twice" {
  command = plan

  variables {
    extra_target_groups = {
      a = { listener_port = 4317, container_port = 4317 }
      b = { listener_port = 4317, container_port = 4318 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_protocol" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "SPDY" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "protocol_in_lower_case" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "http" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_protocol_version" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol_version = "HTTP3" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_listener_protocol" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, listener_protocol = "QUIC" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "grpc_behind_http" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol_version = "GRPC", listener_protocol = "HTTP" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "http2_behind_http" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol_version = "HTTP2", listener_protocol = "HTTP" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "ingress_that_is_no_network" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, ingress_cidr_blocks = ["10.0.0.1"] }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "ingress_network_twice" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, ingress_cidr_blocks = ["10.0.0.0/8", "10.0.0.0/8"] }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "ipv6_ingress_that_is_ipv4" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, ingress_ipv6_cidr_blocks = ["10.0.0.0/8"] }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "certificate_on_an_http_listener" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        listener_protocol = "HTTP"
        certificate_arn   = "arn:aws:acm:us-west-2:123456789012:certificate/1"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "certificate_that_is_no_arn" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, certificate_arn = "my-certificate" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_of_null" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = null, container_port = 4317 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_of_null" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = null }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "certificate_without_arn" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, certificate_arn = "" }
    }
  }

  expect_failures = [var.extra_target_groups]
}
