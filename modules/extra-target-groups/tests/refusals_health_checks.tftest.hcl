# Health checks that are refused, one rule a run.

variables {
  lb_type                = "alb"
  primary_listener_ports = [80, 443]
  primary_container_port = 8080
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  region                 = "us-west-2"
}

run "timeout_not_below_interval" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 10, timeout = 10 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.timeout must be less than interval 10, not 10.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "interval_below_5" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 4, timeout = 2 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.interval must be a whole number of seconds from 5 to 300, not 4.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "interval_above_300" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 301 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.interval must be a whole number of seconds from 5 to 300, not 301.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "timeout_below_2" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { timeout = 1 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.timeout must be a whole number of seconds from 2 to 120, not 1.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "timeout_above_120" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 200, timeout = 121 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.timeout must be a whole number of seconds from 2 to 120, not 121.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "healthy_threshold_of_1" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { healthy_threshold = 1 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.healthy_threshold must be a whole number from 2 to 10, not 1.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "unhealthy_threshold_of_11" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { unhealthy_threshold = 11 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.unhealthy_threshold must be a whole number from 2 to 10, not 11.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "health_check_port_that_is_a_word" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, host_port = 4317, health_check = { port = "http" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.port must be traffic-port or a port number: \"http\" is not a valid port.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "health_check_port_above_65535" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, host_port = 4317, health_check = { port = "65536" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.port must be traffic-port or a port number: \"65536\" is not a valid port.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "health_check_path_without_slash" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { path = "ready" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.path must begin with / and have at most 1024 characters, not be \"ready\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "http_matcher_with_grpc" {
  command = plan

  variables {
    entries = {
      otlp = {
        listener_port    = 4317
        container_port   = 4317
        protocol_version = "GRPC"
        health_check     = { matcher = "200" }
      }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.matcher must be gRPC codes from 0 to 99, such as 12 or 0-99, not \"200\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "grpc_matcher_with_http" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { matcher = "12" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.matcher must be HTTP codes from 200 to 499, such as 200,302 or 200-299, not \"12\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "matcher_range_that_falls" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { matcher = "200,299-204" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].health_check.matcher must have ranges that begin with the lower code, not \"200,299-204\".",
    ])
    error_message = jsonencode(output.faults)
  }
}
