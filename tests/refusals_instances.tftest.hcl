# Values that are wrong for the instances, or for what AWS has, and for what runs on
# each of them. One rule a run.

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

run "gpu_without_a_gpu_instance_type" {
  command = plan

  variables {
    gpu_count = 1
  }

  expect_failures = [output.asg_name]
}

run "gpu_capacity_reservation_without_gpu" {
  command = plan

  variables {
    gpu_capacity_reservation_id = "cr-0123456789abcdef0"
  }

  expect_failures = [output.asg_name]
}

run "asg_min_size_above_asg_max_size" {
  command = plan

  variables {
    asg_min_size = 3
    asg_max_size = 2
  }

  expect_failures = [output.asg_name]
}

run "root_volume_smaller_than_the_image" {
  command = plan

  variables {
    root_volume_size = 8
  }

  expect_failures = [output.asg_name]
}

run "task_that_fits_on_no_instance" {
  command = plan

  variables {
    container_memory = 2048
  }

  expect_failures = [output.asg_name]
}

run "image_for_another_architecture" {
  command = plan

  override_data {
    target = data.aws_ami.this
    values = { architecture = "arm64", root_device_name = "/dev/xvda", block_device_mappings = [] }
  }

  expect_failures = [output.asg_name]
}

run "kms_key_of_another_region" {
  command = plan

  variables {
    cloudwatch_log_kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/1"
  }

  expect_failures = [output.cloudwatch_log_group_names]
}

run "vector_without_destination" {
  command = plan

  variables {
    enable_vector_agent = true
  }

  expect_failures = [output.cloudwatch_log_group_names]
}

run "user_data_above_16_kib" {
  command = plan

  variables {
    extra_files = [{ content = join("", [for i in range(850) : "01234567890123456789"]), path = "/etc/large", permissions = "0644" }]
  }

  expect_failures = [output.asg_name]
}

run "no_instance_for_the_next_task_with_a_host_port" {
  command = plan

  variables {
    task_desired_count  = 2
    asg_max_size        = 2
    extra_target_groups = { web = { listener_port = 8081, container_port = 8081, host_port = 8081 } }
  }

  expect_failures = [output.asg_name]
}
