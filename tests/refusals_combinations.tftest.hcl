# Values that are wrong together, or for what AWS has, are refused in the plan, one
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

run "container_memory_reservation_above_container_memory" {
  command = plan

  variables {
    container_memory             = 128
    container_memory_reservation = 129
  }

  expect_failures = [terraform_data.validations]
}

run "secret_that_is_also_an_environment_variable" {
  command = plan

  variables {
    task_environment_variables = [{ name = "A", value = "1" }]
    task_secrets               = [{ name = "A", valueFrom = "arn:aws:ssm:us-west-2:123456789012:parameter/a" }]
  }

  expect_failures = [terraform_data.validations]
}

run "task_desired_count_above_task_max_count" {
  command = plan

  variables {
    task_desired_count = 11
    task_max_count     = 10
  }

  expect_failures = [terraform_data.validations]
}

run "task_min_count_above_task_max_count" {
  command = plan

  variables {
    task_min_count = 11
    task_max_count = 10
  }

  expect_failures = [terraform_data.validations]
}

run "memory_metric_without_target" {
  command = plan

  variables {
    autoscaling_metric = "ECSServiceAverageMemoryUtilization"
  }

  expect_failures = [terraform_data.validations]
}

run "request_count_metric_without_target" {
  command = plan

  variables {
    autoscaling_metric = "ALBRequestCountPerTarget"
  }

  expect_failures = [terraform_data.validations]
}

run "request_count_metric_on_an_nlb" {
  command = plan

  variables {
    lb_type            = "nlb"
    autoscaling_metric = "ALBRequestCountPerTarget"
    autoscaling_target = 100
  }

  expect_failures = [terraform_data.validations]
}

run "deployment_without_room_for_a_new_task" {
  command = plan

  variables {
    deployment_minimum_healthy_percent = 100
    deployment_maximum_percent         = 100
  }

  expect_failures = [terraform_data.validations]
}

run "volume_name_twice" {
  command = plan

  variables {
    task_efs_volumes   = { data = { file_system_id = "fs-1", container_path = "/a" } }
    task_local_volumes = { data = { host_path = "/b", container_path = "/b" } }
  }

  expect_failures = [terraform_data.validations]
}

run "gpu_without_a_gpu_instance_type" {
  command = plan

  variables {
    gpu_count = 1
  }

  expect_failures = [terraform_data.validations]
}

run "gpu_capacity_reservation_without_gpu" {
  command = plan

  variables {
    gpu_capacity_reservation_id = "cr-0123456789abcdef0"
  }

  expect_failures = [terraform_data.validations]
}

run "one_subnet_for_an_alb" {
  command = plan

  variables {
    load_balancer_subnets = ["subnet-c"]
  }

  expect_failures = [terraform_data.validations]
}

run "six_dns_names_on_an_alb" {
  command = plan

  variables {
    dns_names = ["a", "b", "c", "d", "e", "f"]
  }

  expect_failures = [terraform_data.validations]
}

run "https_targets_on_an_nlb" {
  command = plan

  variables {
    lb_type               = "nlb"
    target_group_protocol = "HTTPS"
  }

  expect_failures = [terraform_data.validations]
}

run "algorithm_on_an_nlb" {
  command = plan

  variables {
    lb_type                       = "nlb"
    load_balancing_algorithm_type = "least_outstanding_requests"
  }

  expect_failures = [terraform_data.validations]
}

run "healthcheck_timeout_not_below_interval" {
  command = plan

  variables {
    healthcheck_interval = 5
    healthcheck_timeout  = 5
  }

  expect_failures = [terraform_data.validations]
}

run "weighted_routing_without_identifier" {
  command = plan

  variables {
    dns_routing_policy = "weighted"
  }

  expect_failures = [terraform_data.validations]
}

run "replication_to_the_own_region" {
  command = plan

  variables {
    replication_region = "us-west-2"
  }

  expect_failures = [terraform_data.validations]
}

run "replication_on_an_nlb" {
  command = plan

  variables {
    lb_type            = "nlb"
    replication_region = "us-east-1"
  }

  expect_failures = [terraform_data.validations]
}

run "athena_on_an_nlb" {
  command = plan

  variables {
    lb_type                       = "nlb"
    alb_access_log_athena_enabled = true
  }

  expect_failures = [terraform_data.validations]
}

run "asg_min_size_above_asg_max_size" {
  command = plan

  variables {
    asg_min_size = 3
    asg_max_size = 2
  }

  expect_failures = [terraform_data.validations]
}

run "root_volume_smaller_than_the_image" {
  command = plan

  variables {
    root_volume_size = 8
  }

  expect_failures = [terraform_data.validations]
}

run "task_that_fits_on_no_instance" {
  command = plan

  variables {
    container_memory = 2048
  }

  expect_failures = [terraform_data.validations]
}

run "kms_key_of_another_region" {
  command = plan

  variables {
    cloudwatch_log_kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/1"
  }

  expect_failures = [terraform_data.validations]
}

run "vector_without_destination" {
  command = plan

  variables {
    enable_vector_agent = true
  }

  expect_failures = [terraform_data.validations]
}

run "subnets_of_two_vpcs" {
  command = plan

  override_data {
    target = data.aws_subnet.instances
    values = { vpc_id = "vpc-2" }
  }

  expect_failures = [terraform_data.validations]
}

run "image_for_another_architecture" {
  command = plan

  override_data {
    target = data.aws_ami.this
    values = { architecture = "arm64", root_device_name = "/dev/xvda", block_device_mappings = [] }
  }

  expect_failures = [terraform_data.validations]
}
