# Values of the tasks and of their scaling that are wrong together, one rule a run.

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

run "container_memory_reservation_above_container_memory" {
  command = plan

  variables {
    container_memory             = 128
    container_memory_reservation = 129
  }

  expect_failures = [output.service_name]
}

run "secret_that_is_also_an_environment_variable" {
  command = plan

  variables {
    task_environment_variables = [{ name = "A", value = "1" }]
    task_secrets               = [{ name = "A", valueFrom = "arn:aws:ssm:us-west-2:123456789012:parameter/a" }]
  }

  expect_failures = [output.service_name]
}

run "waiting_for_a_deployment_that_fails_and_stays" {
  command = plan

  variables {
    wait_for_steady_state = true
    deployment_alarms     = { rollback = false }
  }

  expect_failures = [output.service_name]
}

run "task_desired_count_above_task_max_count" {
  command = plan

  variables {
    task_desired_count = 11
    task_max_count     = 10
  }

  expect_failures = [output.service_name]
}

run "task_min_count_above_task_max_count" {
  command = plan

  variables {
    task_min_count = 11
    task_max_count = 10
  }

  expect_failures = [output.service_name]
}

run "memory_metric_without_target" {
  command = plan

  variables {
    autoscaling_metric = "ECSServiceAverageMemoryUtilization"
  }

  expect_failures = [output.service_name]
}

run "request_count_metric_without_target" {
  command = plan

  variables {
    autoscaling_metric = "ALBRequestCountPerTarget"
  }

  expect_failures = [output.service_name]
}

run "deployment_without_room_for_a_new_task" {
  command = plan

  variables {
    deployment_minimum_healthy_percent = 100
    deployment_maximum_percent         = 100
  }

  expect_failures = [output.service_name]
}

run "volume_name_twice" {
  command = plan

  variables {
    task_efs_volumes   = { data = { file_system_id = "fs-1", container_path = "/a" } }
    task_local_volumes = { data = { host_path = "/b", container_path = "/b" } }
  }

  expect_failures = [output.service_name]
}

run "default_tag_keys_that_differ_in_case" {
  command = plan

  override_data {
    target = data.aws_default_tags.current
    values = { tags = { Team = "a", team = "b" } }
  }

  expect_failures = [output.service_arn]
}

run "tag_value_that_iam_refuses" {
  command = plan

  variables {
    vanta_description = "Traces (of users)"
  }

  expect_failures = [output.service_arn]
}

# A warning: the container may listen on a port that nothing leads to.
run "health_check_of_the_default" {
  command = plan

  variables {
    container_port                = 3200
    container_healthcheck_command = "curl -f http://localhost/ || exit 1"
  }

  expect_failures = [check.container_healthcheck_command]
}

run "health_check_of_another_port" {
  command = plan

  variables {
    container_port                = 80
    container_healthcheck_command = "curl -f http://localhost && nc -z 127.0.0.1 9090"
    extra_target_groups           = { web = { listener_port = 9090, container_port = 8081 } }
  }

  expect_failures = [check.container_healthcheck_command]
}
