# A service whose entries come, change and go, applied to a made-up cloud: every
# step must be possible in one apply, without a cycle among what is created before
# it is destroyed. What AWS makes of it, the integration tests show.

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

  container_healthcheck_command = "true" # the default asks port 80
}

run "no_entries" {
  assert {
    condition     = keys(aws_lb_listener.extra) == []
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }
}

run "entries_come" {
  variables {
    extra_target_groups = {
      a = { listener_port = 4317, container_port = 4317 }
      b = { listener_port = 9090, container_port = 9090 }
    }
  }

  assert {
    condition     = keys(aws_lb_listener.extra) == ["4317", "9090"]
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }

  assert {
    condition     = keys(output.extra_target_groups) == ["a", "b"]
    error_message = "Keys: ${jsonencode(keys(output.extra_target_groups))}"
  }
}

run "container_port_and_protocol_version_change" {
  variables {
    extra_target_groups = {
      a = { listener_port = 4317, container_port = 4318 }
      b = { listener_port = 9090, container_port = 9090, protocol_version = "GRPC" }
    }
  }

  assert {
    condition     = output.service_arn == run.no_entries.service_arn
    error_message = "The service is another one."
  }
}

run "a_key_is_renamed" {
  variables {
    extra_target_groups = {
      z = { listener_port = 4317, container_port = 4318 }
      b = { listener_port = 9090, container_port = 9090, protocol_version = "GRPC" }
    }
  }

  assert {
    condition     = keys(aws_lb_listener.extra) == ["4317", "9090"]
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }
}

run "listener_ports_are_swapped" {
  variables {
    extra_target_groups = {
      z = { listener_port = 9090, container_port = 4318 }
      b = { listener_port = 4317, container_port = 9090, protocol_version = "GRPC" }
    }
  }

  assert {
    condition     = keys(aws_lb_listener.extra) == ["4317", "9090"]
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }

  assert {
    condition     = output.extra_target_groups["z"].target_group_name == run.a_key_is_renamed.extra_target_groups["z"].target_group_name
    error_message = "A listener port makes a new target group."
  }
}

run "an_entry_goes" {
  variables {
    extra_target_groups = {
      z = { listener_port = 9090, container_port = 4318 }
    }
  }

  assert {
    condition     = keys(aws_lb_listener.extra) == ["9090"]
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }
}

run "all_entries_go" {
  assert {
    condition     = keys(aws_lb_listener.extra) == []
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }

  assert {
    condition     = output.service_arn == run.no_entries.service_arn
    error_message = "The service is another one."
  }
}

run "the_load_balancer_becomes_internal" {
  variables {
    extra_target_groups = {
      a = { listener_port = 4317, container_port = 4317 }
    }
  }

  override_data {
    target = data.aws_subnet.load_balancer
    values = {
      arn                     = "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-1"
      vpc_id                  = "vpc-1"
      map_public_ip_on_launch = false
    }
  }

  assert {
    condition     = keys(aws_lb_listener.extra) == ["4317"]
    error_message = "Listeners: ${jsonencode(keys(aws_lb_listener.extra))}"
  }
}

run "the_alb_becomes_an_nlb" {
  variables {
    lb_type = "nlb"
  }

  assert {
    condition     = output.ssl_listener_arn == null
    error_message = "There is still an HTTPS listener."
  }
}
