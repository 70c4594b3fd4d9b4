# Attributes of the target group that are refused, one rule a run.

variables {
  lb_type                = "alb"
  primary_listener_ports = [80, 443]
  primary_container_port = 8080
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  region                 = "us-west-2"
}

run "deregistration_delay_above_3600" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, deregistration_delay = 3601 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].deregistration_delay must be a whole number of seconds from 0 to 3600, not 3601.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "slow_start_of_10" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, slow_start = 10 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].slow_start must be 0 or a whole number of seconds from 30 to 900, not 10.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "unknown_algorithm" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, load_balancing_algorithm_type = "random" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].load_balancing_algorithm_type must be one of round_robin, least_outstanding_requests, weighted_random, not \"random\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "slow_start_without_round_robin" {
  command = plan

  variables {
    entries = {
      otlp = {
        listener_port                 = 4317
        container_port                = 4317
        slow_start                    = 30
        load_balancing_algorithm_type = "least_outstanding_requests"
      }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].slow_start 30 needs the round_robin algorithm, not least_outstanding_requests.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "unknown_stickiness" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "header" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.type must be lb_cookie or app_cookie on an ALB, not \"header\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "app_cookie_without_name" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "app_cookie" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.cookie_name must be set with type app_cookie.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "cookie_duration_above_a_week" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { cookie_duration = 604801 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.cookie_duration must be a whole number of seconds from 1 to 604800, not 604801.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "cookie_name_without_app_cookie" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { cookie_name = "session" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.cookie_name \"session\" is supported only with type app_cookie.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "cookie_of_the_load_balancer" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "app_cookie", cookie_name = "AWSALBAPP" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.cookie_name must not begin with AWSALB, which ALBs reserve, but is \"AWSALBAPP\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "deregistration_delay_with_a_fraction" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, deregistration_delay = 0.5 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].deregistration_delay must be a whole number of seconds from 0 to 3600, not 0.5.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "slow_start_with_a_fraction" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, slow_start = 30.5 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].slow_start must be 0 or a whole number of seconds from 30 to 900, not 30.5.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "cookie_duration_with_a_fraction" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { cookie_duration = 1.5 } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].stickiness.cookie_duration must be a whole number of seconds from 1 to 604800, not 1.5.",
    ])
    error_message = jsonencode(output.faults)
  }
}

# The primary target group's stickiness has the rules of the entries'.
run "primary_stickiness" {
  command = plan

  variables {
    entries            = {}
    primary_stickiness = { type = "source_ip", cookie_name = "AWSALB", cookie_duration = 0 }
  }

  expect_failures = [output.primary_stickiness]

  assert {
    condition = output.faults == tolist([
      "stickiness.type must be lb_cookie or app_cookie on an ALB, not \"source_ip\".",
      "stickiness.cookie_name \"AWSALB\" is supported only with type app_cookie.",
      "stickiness.cookie_name must not begin with AWSALB, which ALBs reserve, but is \"AWSALB\".",
      "stickiness.cookie_duration must be a whole number of seconds from 1 to 604800, not 0.",
    ])
    error_message = jsonencode(output.faults)
  }
}
