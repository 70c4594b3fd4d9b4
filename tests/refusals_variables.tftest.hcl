# Values that are wrong by themselves are refused in the plan, one rule a run.

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

run "service_name_with_a_space" {
  command = plan

  variables {
    service_name = "my service"
  }

  expect_failures = [var.service_name]
}

run "service_name_that_ends_in_a_hyphen" {
  command = plan

  variables {
    service_name = "tempo-"
  }

  expect_failures = [var.service_name]
}

run "empty_docker_image" {
  command = plan

  variables {
    docker_image = " "
  }

  expect_failures = [var.docker_image]
}

run "container_port_of_zero" {
  command = plan

  variables {
    container_port = 0
  }

  expect_failures = [var.container_port]
}

run "container_port_with_a_fraction" {
  command = plan

  variables {
    container_port = 80.5
  }

  expect_failures = [var.container_port]
}

run "container_cpu_of_zero" {
  command = plan

  variables {
    container_cpu = 0
  }

  expect_failures = [var.container_cpu]
}

run "container_memory_below_6" {
  command = plan

  variables {
    container_memory = 4
  }

  expect_failures = [var.container_memory]
}

run "container_memory_reservation_below_6" {
  command = plan

  variables {
    container_memory_reservation = 4
  }

  expect_failures = [var.container_memory_reservation]
}

run "environment_variable_twice" {
  command = plan

  variables {
    task_environment_variables = [{ name = "A", value = "1" }, { name = "A", value = "2" }]
  }

  expect_failures = [var.task_environment_variables]
}

run "secret_that_is_no_arn" {
  command = plan

  variables {
    task_secrets = [{ name = "PASSWORD", valueFrom = "password" }]
  }

  expect_failures = [var.task_secrets]
}

run "task_role_that_is_no_arn" {
  command = plan

  variables {
    task_role_arn = "admin"
  }

  expect_failures = [var.task_role_arn]
}

run "task_desired_count_below_zero" {
  command = plan

  variables {
    task_desired_count = -1
  }

  expect_failures = [var.task_desired_count]
}

run "task_min_count_below_zero" {
  command = plan

  variables {
    task_min_count = -1
  }

  expect_failures = [var.task_min_count]
}

run "task_max_count_of_zero" {
  command = plan

  variables {
    task_max_count     = 0
    task_min_count     = 0
    task_desired_count = 0
  }

  expect_failures = [var.task_max_count]
}

run "unknown_autoscaling_metric" {
  command = plan

  variables {
    autoscaling_metric = "Load"
  }

  expect_failures = [var.autoscaling_metric]
}

run "autoscaling_target_of_zero" {
  command = plan

  variables {
    autoscaling_target = 0
  }

  expect_failures = [var.autoscaling_target]
}

run "autoscaling_target_cpu_usage_above_100" {
  command = plan

  variables {
    autoscaling_target_cpu_usage = 101
  }

  expect_failures = [var.autoscaling_target_cpu_usage]
}

run "deployment_minimum_healthy_percent_below_zero" {
  command = plan

  variables {
    deployment_minimum_healthy_percent = -1
  }

  expect_failures = [var.deployment_minimum_healthy_percent]
}

run "deployment_maximum_percent_of_zero" {
  command = plan

  variables {
    deployment_minimum_healthy_percent = 0
    deployment_maximum_percent         = 0
  }

  expect_failures = [var.deployment_maximum_percent]
}

run "grace_period_below_zero" {
  command = plan

  variables {
    service_health_check_grace_period_seconds = -1
  }

  expect_failures = [var.service_health_check_grace_period_seconds]
}

run "efs_volume_with_a_relative_path" {
  command = plan

  variables {
    task_efs_volumes = { data = { file_system_id = "fs-1", container_path = "data" } }
  }

  expect_failures = [var.task_efs_volumes]
}

run "local_volume_with_a_relative_path" {
  command = plan

  variables {
    task_local_volumes = { data = { host_path = "data", container_path = "/data" } }
  }

  expect_failures = [var.task_local_volumes]
}

run "unknown_ipc_mode" {
  command = plan

  variables {
    task_ipc_mode = "shared"
  }

  expect_failures = [var.task_ipc_mode]
}

run "unknown_docker_security_option" {
  command = plan

  variables {
    dockerSecurityOptions = ["privileged"]
  }

  expect_failures = [var.dockerSecurityOptions]
}

run "gpu_count_below_zero" {
  command = plan

  variables {
    gpu_count = -1
  }

  expect_failures = [var.gpu_count]
}

run "gpu_autoscaling_target_above_100" {
  command = plan

  variables {
    gpu_autoscaling_target = 101
  }

  expect_failures = [var.gpu_autoscaling_target]
}

run "gpu_capacity_reservation_that_is_no_id" {
  command = plan

  variables {
    gpu_capacity_reservation_id = "mine"
  }

  expect_failures = [var.gpu_capacity_reservation_id]
}

run "unknown_lb_type" {
  command = plan

  variables {
    lb_type = "elb"
  }

  expect_failures = [var.lb_type]
}

run "no_load_balancer_subnets" {
  command = plan

  variables {
    load_balancer_subnets = []
  }

  expect_failures = [var.load_balancer_subnets]
}

run "no_dns_names" {
  command = plan

  variables {
    dns_names = []
  }

  expect_failures = [var.dns_names]
}

run "dns_name_twice" {
  command = plan

  variables {
    dns_names = ["a", "a"]
  }

  expect_failures = [var.dns_names]
}

run "certificate_issuers_without_amazon" {
  command = plan

  variables {
    certificate_issuers = ["letsencrypt.org"]
  }

  expect_failures = [var.certificate_issuers]
}

run "ingress_that_is_no_network" {
  command = plan

  variables {
    alb_ingress_cidr_blocks = ["everyone"]
  }

  expect_failures = [var.alb_ingress_cidr_blocks]
}

run "ingress_network_twice" {
  command = plan

  variables {
    alb_ingress_cidr_blocks = ["10.0.0.0/8", "10.0.0.0/8"]
  }

  expect_failures = [var.alb_ingress_cidr_blocks]
}

run "unknown_ssl_policy" {
  command = plan

  variables {
    ssl_policy = "TLS13"
  }

  expect_failures = [var.ssl_policy]
}

run "idle_timeout_above_4000" {
  command = plan

  variables {
    idle_timeout = 4001
  }

  expect_failures = [var.idle_timeout]
}

run "unknown_target_group_protocol" {
  command = plan

  variables {
    target_group_protocol = "TCP"
  }

  expect_failures = [var.target_group_protocol]
}

run "unknown_algorithm" {
  command = plan

  variables {
    load_balancing_algorithm_type = "random"
  }

  expect_failures = [var.load_balancing_algorithm_type]
}

run "healthcheck_path_without_slash" {
  command = plan

  variables {
    healthcheck_path = "ready"
  }

  expect_failures = [var.healthcheck_path]
}

run "healthcheck_interval_below_5" {
  command = plan

  variables {
    healthcheck_interval = 4
    healthcheck_timeout  = 2
  }

  expect_failures = [var.healthcheck_interval]
}

run "healthcheck_timeout_below_2" {
  command = plan

  variables {
    healthcheck_timeout = 1
  }

  expect_failures = [var.healthcheck_timeout]
}

run "grpc_matcher_on_the_primary_target_group" {
  command = plan

  variables {
    healthcheck_response_code_matcher = "12"
  }

  expect_failures = [var.healthcheck_response_code_matcher]
}

run "unknown_dns_routing_policy" {
  command = plan

  variables {
    dns_routing_policy = "latency"
  }

  expect_failures = [var.dns_routing_policy]
}

run "empty_dns_set_identifier" {
  command = plan

  variables {
    dns_set_identifier = ""
  }

  expect_failures = [var.dns_set_identifier]
}

run "dns_weight_above_255" {
  command = plan

  variables {
    dns_weight = 256
  }

  expect_failures = [var.dns_weight]
}

run "replication_region_that_is_none" {
  command = plan

  variables {
    replication_region = "europe"
  }

  expect_failures = [var.replication_region]
}

run "no_asg_subnets" {
  command = plan

  variables {
    asg_subnets = []
  }

  expect_failures = [var.asg_subnets]
}

run "instance_type_that_is_none" {
  command = plan

  variables {
    asg_instance_type = "micro"
  }

  expect_failures = [var.asg_instance_type]
}

run "asg_min_size_below_zero" {
  command = plan

  variables {
    asg_min_size = -1
  }

  expect_failures = [var.asg_min_size]
}

run "asg_max_size_of_zero" {
  command = plan

  variables {
    asg_min_size = 0
    asg_max_size = 0
  }

  expect_failures = [var.asg_max_size]
}

run "asg_health_check_grace_period_below_zero" {
  command = plan

  variables {
    asg_health_check_grace_period = -1
  }

  expect_failures = [var.asg_health_check_grace_period]
}

run "on_demand_base_capacity_below_zero" {
  command = plan

  variables {
    on_demand_base_capacity = -1
  }

  expect_failures = [var.on_demand_base_capacity]
}

run "ami_that_is_no_id" {
  command = plan

  variables {
    ami_id = "al2023"
  }

  expect_failures = [var.ami_id]
}

run "root_volume_of_zero" {
  command = plan

  variables {
    root_volume_size = 0
  }

  expect_failures = [var.root_volume_size]
}

run "instance_profile_permissions_that_are_no_policy" {
  command = plan

  variables {
    extra_instance_profile_permissions = "s3:*"
  }

  expect_failures = [var.extra_instance_profile_permissions]
}

run "ssh_network_that_is_none" {
  command = plan

  variables {
    ssh_cidr_block = "office"
  }

  expect_failures = [var.ssh_cidr_block]
}

run "extra_file_with_a_relative_path" {
  command = plan

  variables {
    extra_files = [{ content = "", path = "motd", permissions = "0644" }]
  }

  expect_failures = [var.extra_files]
}

run "extra_file_with_permissions_in_letters" {
  command = plan

  variables {
    extra_files = [{ content = "", path = "/etc/motd", permissions = "rw" }]
  }

  expect_failures = [var.extra_files]
}

run "users_without_names" {
  command = plan

  variables {
    users = ["admin"]
  }

  expect_failures = [var.users]
}

run "unknown_ecs_log_level" {
  command = plan

  variables {
    ecs_log_level = "trace"
  }

  expect_failures = [var.ecs_log_level]
}

run "alarm_email_that_is_none" {
  command = plan

  variables {
    alarm_emails = ["ops"]
  }

  expect_failures = [var.alarm_emails]
}

run "topic_that_is_no_arn" {
  command = plan

  variables {
    sns_topic_arn = "alarms"
  }

  expect_failures = [var.sns_topic_arn]
}

run "log_group_with_a_space" {
  command = plan

  variables {
    cloudwatch_log_group = "my logs"
  }

  expect_failures = [var.cloudwatch_log_group]
}

run "retention_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    cloudwatch_log_group_retention = 42
  }

  expect_failures = [var.cloudwatch_log_group_retention]
}

run "kms_key_that_is_no_arn" {
  command = plan

  variables {
    cloudwatch_log_kms_key_id = "alias/logs"
  }

  expect_failures = [var.cloudwatch_log_kms_key_id]
}

run "vector_config_without_sinks" {
  command = plan

  variables {
    vector_agent_config = "sources: {}"
  }

  expect_failures = [var.vector_agent_config]
}

run "vector_endpoint_without_port" {
  command = plan

  variables {
    vector_aggregator_endpoint = "vector.example.com"
  }

  expect_failures = [var.vector_aggregator_endpoint]
}
