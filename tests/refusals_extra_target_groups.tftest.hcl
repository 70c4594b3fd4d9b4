# Wrong values of extra_target_groups are refused in the plan, one rule a run.

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
      e0 = {
        listener_port  = 9000
        container_port = 4317
      }
      e1 = {
        listener_port  = 9001
        container_port = 4317
      }
      e2 = {
        listener_port  = 9002
        container_port = 4317
      }
      e3 = {
        listener_port  = 9003
        container_port = 4317
      }
      e4 = {
        listener_port  = 9004
        container_port = 4317
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_of_zero" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 0
        container_port = 4317
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_above_65535" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 65536
        container_port = 4317
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317.5
        container_port = 4317
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_of_zero" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 0
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_above_65535" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 70000
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "container_port_with_a_fraction" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 1.5
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "listener_port_twice" {
  command = plan

  variables {
    extra_target_groups = {
      a = {
        listener_port  = 4317
        container_port = 4317
      }
      b = {
        listener_port  = 4317
        container_port = 4318
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_protocol" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        protocol       = "SPDY"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "protocol_in_lower_case" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        protocol       = "http"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_protocol_version" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port    = 4317
        container_port   = 4317
        protocol_version = "HTTP3"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_listener_protocol" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        listener_protocol = "QUIC"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "grpc_behind_http" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        protocol_version  = "GRPC"
        listener_protocol = "HTTP"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "http2_behind_http" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        protocol_version  = "HTTP2"
        listener_protocol = "HTTP"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "timeout_not_below_interval" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { interval = 10, timeout = 10 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "interval_below_5" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { interval = 4, timeout = 2 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "interval_above_300" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { interval = 301 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "timeout_below_2" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { timeout = 1 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "timeout_above_120" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { interval = 200, timeout = 121 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "healthy_threshold_of_1" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { healthy_threshold = 1 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unhealthy_threshold_of_11" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { unhealthy_threshold = 11 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "health_check_port_that_is_a_word" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { port = "http" }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "health_check_port_above_65535" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { port = "65536" }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "health_check_path_without_slash" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { path = "ready" }
      }
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
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { matcher = "12" }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "deregistration_delay_above_3600" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port        = 4317
        container_port       = 4317
        deregistration_delay = 3601
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "slow_start_of_10" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        slow_start     = 10
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "unknown_algorithm" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port                 = 4317
        container_port                = 4317
        load_balancing_algorithm_type = "random"
      }
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
      otlp = {
        listener_port  = 4317
        container_port = 4317
        stickiness     = { type = "header" }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "app_cookie_without_name" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        stickiness     = { type = "app_cookie" }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "cookie_duration_above_a_week" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        stickiness     = { cookie_duration = 604801 }
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "ingress_that_is_no_network" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port       = 4317
        container_port      = 4317
        ingress_cidr_blocks = ["10.0.0.1"]
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "ingress_network_twice" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port       = 4317
        container_port      = 4317
        ingress_cidr_blocks = ["10.0.0.0/8", "10.0.0.0/8"]
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "ipv6_ingress_that_is_ipv4" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port            = 4317
        container_port           = 4317
        ingress_ipv6_cidr_blocks = ["10.0.0.0/8"]
      }
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
      otlp = {
        listener_port   = 4317
        container_port  = 4317
        certificate_arn = "my-certificate"
      }
    }
  }

  expect_failures = [var.extra_target_groups]
}

run "port_80_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 80
        container_port = 4317
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "port_443_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 443
        container_port = 4317
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "primary_port_on_an_nlb" {
  command = plan

  variables {
    lb_type        = "nlb"
    container_port = 3200
    extra_target_groups = {
      otlp = {
        listener_port  = 3200
        container_port = 4317
        protocol       = "TCP"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tcp_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        protocol          = "TCP"
        listener_protocol = "HTTPS"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tcp_listener_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        listener_protocol = "TCP"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "http_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317

      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "https_listener_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        protocol          = "TCP"
        listener_protocol = "HTTPS"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tls_behind_tcp_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        protocol          = "TLS"
        listener_protocol = "TCP"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tls_without_certificate_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port     = 4317
        container_port    = 4317
        protocol          = "TCP"
        listener_protocol = "TLS"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "slow_start_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        protocol       = "TCP"
        slow_start     = 30
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "algorithm_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port                 = 4317
        container_port                = 4317
        protocol                      = "TCP"
        load_balancing_algorithm_type = "round_robin"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "grpc_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port    = 4317
        container_port   = 4317
        protocol         = "TCP"
        protocol_version = "GRPC"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "source_ip_stickiness_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        stickiness     = { type = "source_ip" }
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "cookie_stickiness_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        protocol       = "TCP"
        stickiness     = { type = "lb_cookie" }
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "udp_without_a_health_check_port" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        protocol       = "UDP"
      }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "a_fixed_health_check_port_draws_a_warning" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = {
        listener_port  = 4317
        container_port = 4317
        health_check   = { port = "9100" }
      }
    }
  }

  expect_failures = [check.fixed_health_check_ports]
}
