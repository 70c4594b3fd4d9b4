# Wrong attributes of the target groups of extra_target_groups: delays, algorithm,
# stickiness. One rule a run.

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

run "deregistration_delay_above_3600" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, deregistration_delay = 3601 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "slow_start_of_10" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, slow_start = 10 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_algorithm" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, load_balancing_algorithm_type = "random" }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "slow_start_without_round_robin" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port                 = 4317
        container_port                = 4317
        slow_start                    = 30
        load_balancing_algorithm_type = "least_outstanding_requests"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_stickiness" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "header" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "app_cookie_without_name" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "app_cookie" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "cookie_duration_above_a_week" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { cookie_duration = 604801 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "cookie_name_without_app_cookie" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { cookie_name = "session" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "cookie_of_the_load_balancer" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "app_cookie", cookie_name = "AWSALBAPP" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "deregistration_delay_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, deregistration_delay = 0.5 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "slow_start_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, slow_start = 30.5 }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "cookie_duration_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { cookie_duration = 1.5 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}
