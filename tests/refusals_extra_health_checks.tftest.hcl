# Wrong health checks in extra_target_groups, one rule a run.

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

run "timeout_not_below_interval" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 10, timeout = 10 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "interval_below_5" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 4, timeout = 2 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "interval_above_300" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 301 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "timeout_below_2" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { timeout = 1 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "timeout_above_120" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { interval = 200, timeout = 121 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "healthy_threshold_of_1" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { healthy_threshold = 1 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unhealthy_threshold_of_11" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { unhealthy_threshold = 11 } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "health_check_port_that_is_a_word" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { port = "http" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "health_check_port_above_65535" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { port = "65536" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "health_check_path_without_slash" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { path = "ready" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "http_matcher_with_grpc" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port    = 4317
        container_port   = 4317
        protocol_version = "GRPC"
        health_check     = { matcher = "200" }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "grpc_matcher_with_http" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { matcher = "12" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "matcher_range_that_falls" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { matcher = "200,299-204" } }
    }
  }

  expect_failures = [var.extra_target_groups]
}
