# Entries of extra_target_groups that the load balancer of lb_type can't have, one
# rule a run.

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

run "port_80_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 80, container_port = 4317 }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "port_443_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 443, container_port = 4317 }
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
      otlp = { listener_port = 3200, container_port = 4317, protocol = "TCP" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tcp_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "HTTPS" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tcp_listener_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, listener_protocol = "TCP" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "http_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317 }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "https_listener_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "HTTPS" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tls_behind_tcp_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TLS", listener_protocol = "TCP" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "tls_without_certificate_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "TLS" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "slow_start_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", slow_start = 30 }
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
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", protocol_version = "GRPC" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "source_ip_stickiness_on_an_alb" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, stickiness = { type = "source_ip" } }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "cookie_stickiness_on_an_nlb" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", stickiness = { type = "lb_cookie" } }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "udp_without_a_health_check_port" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "UDP" }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "a_fixed_health_check_port_draws_a_warning" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, health_check = { port = "9100" } }
    }
  }

  expect_failures = [check.fixed_health_check_ports]
}

run "stickiness_of_a_tls_listener" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", listener_protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1", stickiness = {} }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "stickiness_of_tls_targets" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TLS", certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1", stickiness = { type = "source_ip" } }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "matcher_of_a_tcp_check" {
  command = plan

  variables {
    lb_type = "nlb"
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, protocol = "TCP", health_check = { matcher = "200" } }
    }
  }

  expect_failures = [terraform_data.validations]
}

run "certificate_of_another_region" {
  command = plan

  variables {
    extra_target_groups = {
      otlp = { listener_port = 4317, container_port = 4317, certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    }
  }

  expect_failures = [terraform_data.validations]
}
