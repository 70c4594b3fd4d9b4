# Host ports, and what needs one, that are refused, one rule a run.

variables {
  lb_type                = "alb"
  primary_listener_ports = [80, 443]
  primary_container_port = 8080
  ingress_cidr_blocks    = ["0.0.0.0/0"]
  region                 = "us-west-2"
}

run "host_port_of_zero" {
  command = plan

  variables {
    entries = {
      web = { listener_port = 8081, container_port = 8081, host_port = 0 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"web\"].host_port must be a whole number from 1 to 32767, below the dynamic ports, not 0.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "host_port_among_the_dynamic_ones" {
  command = plan

  variables {
    entries = {
      web = { listener_port = 8081, container_port = 8081, host_port = 32768 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"web\"].host_port must be a whole number from 1 to 32767, below the dynamic ports, not 32768.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "host_port_of_docker" {
  command = plan

  variables {
    entries = {
      web = { listener_port = 8081, container_port = 8081, host_port = 2375 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"web\"].host_port must not be 2375, which SSH or Docker has on every instance.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "host_port_of_two_container_ports" {
  command = plan

  variables {
    entries = {
      a = { listener_port = 8081, container_port = 8081, host_port = 9000 }
      b = { listener_port = 8082, container_port = 8082, host_port = 9000 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"a\"].host_port must be unique, but 9000 leads to another container port as well.",
      "extra_target_groups[\"b\"].host_port must be unique, but 9000 leads to another container port as well.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "two_host_ports_of_one_container_port" {
  command = plan

  variables {
    entries = {
      a = { listener_port = 8081, container_port = 8081, host_port = 9000 }
      b = { listener_port = 8082, container_port = 8081 }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"a\"].host_port must be the same in all entries with container_port 8081, not 9000.",
      "extra_target_groups[\"b\"].host_port must be the same in all entries with container_port 8081, not null.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "numbered_health_check_port_with_a_dynamic_host_port" {
  command = plan

  variables {
    entries = {
      web = { listener_port = 8081, container_port = 8081, health_check = { port = "8082" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"web\"].health_check.port must be traffic-port without host_port, not 8082: ECS refuses it with a dynamic host port.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "udp_with_a_dynamic_host_port" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    primary_container_port = 3200
    entries = {
      syslog = { listener_port = 514, container_port = 514, protocol = "UDP", health_check = { port = "51678" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"syslog\"].host_port must be set with UDP, not null: UDP needs a fixed health check port, which ECS refuses with a dynamic host port.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "one_container_port_as_tcp_and_as_udp" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    primary_container_port = 3200
    entries = {
      tcp = { listener_port = 53, container_port = 5353, host_port = 53, protocol = "TCP" }
      udp = { listener_port = 54, container_port = 5353, host_port = 53, protocol = "UDP", health_check = { port = "53" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"udp\"].container_port must not be 5353, which is a TCP port too: ECS maps a container port once, as TCP or UDP.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "the_primary_container_port_as_udp" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    primary_container_port = 3200
    entries = {
      udp = { listener_port = 53, container_port = 3200, host_port = 53, protocol = "UDP", health_check = { port = "51678" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"udp\"].container_port must not be 3200, which is a TCP port too: ECS maps a container port once, as TCP or UDP.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "tcp_and_udp_on_one_listener_port" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    primary_container_port = 3200
    entries = {
      tcp = { listener_port = 53, container_port = 5353, host_port = 5353, protocol = "TCP" }
      udp = { listener_port = 53, container_port = 5354, host_port = 53, protocol = "UDP", health_check = { port = "5353" } }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition = output.faults == tolist([
      "extra_target_groups[\"tcp\"].listener_port must be unique, but another entry also has 53: an NLB serves TCP and UDP on one port as TCP_UDP only, which ECS can't register, as it maps a container port once.",
      "extra_target_groups[\"udp\"].listener_port must be unique, but another entry also has 53: an NLB serves TCP and UDP on one port as TCP_UDP only, which ECS can't register, as it maps a container port once.",
    ])
    error_message = jsonencode(output.faults)
  }
}

run "tcp_udp" {
  command = plan

  variables {
    lb_type                = "nlb"
    primary_listener_ports = [3200]
    primary_container_port = 3200
    entries = {
      dns = { listener_port = 53, container_port = 5353, protocol = "TCP_UDP", listener_protocol = "TCP" }
    }
  }

  expect_failures = [output.entries]

  assert {
    condition     = contains(output.faults, "extra_target_groups[\"dns\"].protocol must be TCP, TLS or UDP on an NLB, not \"TCP_UDP\": an NLB serves TCP and UDP on one port as TCP_UDP only, which ECS can't register, as it maps a container port once.")
    error_message = jsonencode(output.faults)
  }
}
