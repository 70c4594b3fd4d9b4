# Values that the load balancer of lb_type, its names or its logs can't have, one
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

  container_healthcheck_command = "true" # the default asks port 80
}

run "request_count_metric_on_an_nlb" {
  command = plan

  variables {
    lb_type            = "nlb"
    autoscaling_metric = "ALBRequestCountPerTarget"
    autoscaling_target = 100
  }

  expect_failures = [output.service_name]
}

run "one_subnet_for_an_alb" {
  command = plan

  variables {
    load_balancer_subnets = ["subnet-c"]
  }

  expect_failures = [output.load_balancer_arn]
}

run "six_dns_names_on_an_alb" {
  command = plan

  variables {
    dns_names = ["a", "b", "c", "d", "e", "f"]
  }

  expect_failures = [output.dns_hostnames]
}

run "https_targets_on_an_nlb" {
  command = plan

  variables {
    lb_type               = "nlb"
    target_group_protocol = "HTTPS"
  }

  expect_failures = [output.load_balancer_arn]
}

run "algorithm_on_an_nlb" {
  command = plan

  variables {
    lb_type                       = "nlb"
    load_balancing_algorithm_type = "least_outstanding_requests"
  }

  expect_failures = [output.load_balancer_arn]
}

run "healthcheck_timeout_not_below_interval" {
  command = plan

  variables {
    healthcheck_interval = 5
    healthcheck_timeout  = 5
  }

  expect_failures = [output.load_balancer_arn]
}

run "healthcheck_timeout_above_interval_on_an_nlb" {
  command = plan

  variables {
    lb_type              = "nlb"
    healthcheck_interval = 5
    healthcheck_timeout  = 6
  }

  expect_failures = [output.load_balancer_arn]
}

run "weighted_routing_without_identifier" {
  command = plan

  variables {
    dns_routing_policy = "weighted"
  }

  expect_failures = [output.dns_hostnames]
}

run "replication_to_the_own_region" {
  command = plan

  variables {
    replication_region = "us-west-2"
  }

  expect_failures = [output.access_log_bucket_name]
}

run "replication_on_an_nlb" {
  command = plan

  variables {
    lb_type            = "nlb"
    replication_region = "us-east-1"
  }

  expect_failures = [output.access_log_bucket_name]
}

run "athena_on_an_nlb" {
  command = plan

  variables {
    lb_type                       = "nlb"
    alb_access_log_athena_enabled = true
  }

  expect_failures = [output.access_log_bucket_name]
}

run "subnets_of_two_vpcs" {
  command = plan

  override_data {
    target = data.aws_subnet.instances
    values = { vpc_id = "vpc-2" }
  }

  expect_failures = [output.load_balancer_arn]
}

run "main_name_of_65_characters" {
  command = plan

  variables {
    # tempo in the zone example.com has 17
    dns_names = ["a-host-name-that-is-far-too-long-to-be-the-main-name-x"]
  }

  expect_failures = [output.dns_hostnames]
}

run "names_that_differ_in_case" {
  command = plan

  variables {
    dns_names = ["a", "A"]
  }

  expect_failures = [var.dns_names]
}

run "dns_name_with_a_space" {
  command = plan

  variables {
    dns_names = ["my service"]
  }

  expect_failures = [var.dns_names]
}

run "dns_name_that_ends_in_a_dot" {
  command = plan

  variables {
    dns_names = ["www."]
  }

  expect_failures = [var.dns_names]
}

run "dns_name_with_an_empty_label" {
  command = plan

  variables {
    dns_names = ["www..eu"]
  }

  expect_failures = [var.dns_names]
}

run "dns_label_of_64_characters" {
  command = plan

  variables {
    lb_type   = "nlb"
    dns_names = ["a123456789012345678901234567890123456789012345678901234567890123"]
  }

  expect_failures = [var.dns_names]
}

run "underscore_behind_an_alb" {
  command = plan

  variables {
    dns_names = ["my_service"]
  }

  expect_failures = [output.dns_hostnames]
}
