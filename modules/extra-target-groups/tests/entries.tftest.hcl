# Entries together: what is reported of several, and valid ones with their defaults.

variables {
  lb_type                = "alb"
  primary_listener_ports = [80, 443]
  primary_container_port = 8080
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  region                 = "us-west-2"
}

run "all_faults_of_all_entries_at_once" {
  command = plan

  variables {
    entries = {
      otlp    = { listener_port = 0, container_port = 4317, slow_start = 10 }
      metrics = { listener_port = 443, container_port = 9090, health_check = { path = "ready" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"otlp\"].listener_port must be a whole number from 1 to 65535, not 0.",
      "extra_target_groups[\"metrics\"].listener_port must not be 443, which the load balancer's own listener uses.",
      "extra_target_groups[\"otlp\"].slow_start must be 0 or a whole number of seconds from 30 to 900, not 10.",
      "extra_target_groups[\"metrics\"].health_check.path must begin with / and have at most 1024 characters, not be \"ready\".",
    ])
    error_message = jsonencode(output.faults)
  }
}

# The numbers of TCP and UDP are apart, and entries may share a mapping.
run "valid_host_ports" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    entries = {
      tcp   = { listener_port = 53, container_port = 5353, host_port = 53, protocol = "TCP" }
      again = { listener_port = 54, container_port = 5353, host_port = 53, protocol = "TCP" }
      udp   = { listener_port = 55, container_port = 5354, host_port = 53, protocol = "UDP", health_check = { port = "053" } }
      web   = { listener_port = 80, container_port = 8080, host_port = 8080, protocol = "TCP" }
    }
  }

  assert {
    condition     = length(output.faults) == 0 && output.entries["udp"].health_check.port == "53"
    error_message = jsonencode([output.faults, output.entries])
  }
}

run "valid_entries" {
  command = plan

  variables {
    entries = {
      otlp = { listener_port = 4317, container_port = 4317, slow_start = 0, protocol_version = "GRPC" }
      api = {
        listener_port   = 8443
        container_port  = 8443
        protocol        = "HTTPS"
        certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/1"
        stickiness      = { type = "app_cookie", cookie_name = "session" }
      }
    }
  }

  assert {
    condition     = length(output.faults) == 0
    error_message = jsonencode(output.faults)
  }

  assert {
    condition     = output.entries["otlp"].health_check.matcher == "12" && output.entries["api"].listener_protocol == "HTTPS"
    error_message = jsonencode(output.entries)
  }
}
