# Values that are wrong by themselves are refused in the plan. A run gives many
# variables a wrong value each, and each must be refused; a variable with several
# rules has its further ones in the further runs.

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

run "wrong_values" {
  command = plan

  variables {
    # service name with a space
    service_name = "my service"
    # empty docker image
    docker_image = " "
    # container port of zero
    container_port = 0
    # container cpu of zero
    container_cpu = 0
    # container memory below 6
    container_memory = 4
    # container memory reservation below 6
    container_memory_reservation = 4
    # environment variable twice
    task_environment_variables = [{ name = "A", value = "1" }, { name = "A", value = "2" }]
    # secret that is neither an arn nor a name
    task_secrets = [{ name = "PASSWORD", valueFrom = "the password" }]
    # task role that is not an arn
    task_role_arn = "admin"
    # task desired count below zero
    task_desired_count = -1
    # task min count below zero
    task_min_count = -1
    # task max count of zero
    task_max_count = 0
    # unknown autoscaling metric
    autoscaling_metric = "Load"
    # autoscaling target of zero
    autoscaling_target = 0
    # autoscaling target cpu usage above 100
    autoscaling_target_cpu_usage = 101
    # deployment minimum healthy percent below zero
    deployment_minimum_healthy_percent = -1
    # deployment maximum percent of zero
    deployment_maximum_percent = 0
    # grace period below zero
    service_health_check_grace_period_seconds = -1
    # alarm by its arn
    deployment_alarms = { alarm_names = ["arn:aws:cloudwatch:us-west-2:123456789012:alarm:errors"] }
    # timeout without a unit
    service_timeouts = { update = "20" }
    # efs volume with a relative path
    task_efs_volumes = { data = { file_system_id = "fs-1", container_path = "data" } }
    # local volume with a relative path
    task_local_volumes = { data = { host_path = "data", container_path = "/data" } }
    # unknown ipc mode
    task_ipc_mode = "shared"
    # unknown docker security option
    dockerSecurityOptions = ["privileged"]
    # gpu count below zero
    gpu_count = -1
    # gpu autoscaling target above 100
    gpu_autoscaling_target = 101
    # gpu capacity reservation that is not an id
    gpu_capacity_reservation_id = "mine"
    # unknown lb type
    lb_type = "elb"
    # no load balancer subnets
    load_balancer_subnets = []
    # no dns names
    dns_names = []
    # certificate issuers without amazon
    certificate_issuers = ["letsencrypt.org"]
    # ingress that is not a network
    alb_ingress_cidr_blocks = ["everyone"]
    # unknown ssl policy
    ssl_policy = "TLS13"
    # idle timeout above 4000
    idle_timeout = 4001
    # unknown target group protocol
    target_group_protocol = "TCP"
    # unknown algorithm
    load_balancing_algorithm_type = "random"
    # healthcheck path without slash
    healthcheck_path = "ready"
    # healthcheck interval below 5
    healthcheck_interval = 4
    # healthcheck timeout below 2
    healthcheck_timeout = 1
    # container healthcheck interval below 5
    container_healthcheck_interval = 4
    # container healthcheck timeout above 60
    container_healthcheck_timeout = 61
    # deregistration delay above 3600
    deregistration_delay = 3601
    # grpc matcher on the primary target group
    healthcheck_response_code_matcher = "12"
    # unknown dns routing policy
    dns_routing_policy = "latency"
    # empty dns set identifier
    dns_set_identifier = ""
    # dns weight above 255
    dns_weight = 256
    # replication region that is none
    replication_region = "europe"
    # no asg subnets
    asg_subnets = []
    # instance type that is none
    asg_instance_type = "micro"
    # asg min size below zero
    asg_min_size = -1
    # asg max size of zero
    asg_max_size = 0
    # asg health check grace period below zero
    asg_health_check_grace_period = -1
    # on demand base capacity below zero
    on_demand_base_capacity = -1
    # lifetime of less than a day
    max_instance_lifetime = 86399
    # ami that is not an id
    ami_id = "al2023"
    # root volume of zero
    root_volume_size = 0
    # instance profile permissions that are not a policy
    extra_instance_profile_permissions = "s3:*"
    # ssh network with the address of a host
    ssh_cidr_block = "10.0.0.1/8"
    # extra file with a relative path
    extra_files = [{ content = "", path = "motd", permissions = "0644" }]
    # users without names
    users = ["admin"]
    # unknown ecs log level
    ecs_log_level = "trace"
    # alarm email that is none
    alarm_emails = ["ops"]
    # topic that is not an arn
    sns_topic_arn = "alarms"
    # log group with a space
    cloudwatch_log_group = "my logs"
    # retention that cloudwatch does not know
    cloudwatch_log_group_retention = 42
    # kms key that is not an arn
    cloudwatch_log_kms_key_id = "alias/logs"
    # vector config without sinks
    vector_agent_config = "sources: {}"
    # vector endpoint without port
    vector_aggregator_endpoint = "vector.example.com"
  }

  expect_failures = [
    var.service_name,
    var.docker_image,
    var.container_port,
    var.container_cpu,
    var.container_memory,
    var.container_memory_reservation,
    var.task_environment_variables,
    var.task_secrets,
    var.task_role_arn,
    var.task_desired_count,
    var.task_min_count,
    var.task_max_count,
    var.autoscaling_metric,
    var.autoscaling_target,
    var.autoscaling_target_cpu_usage,
    var.deployment_minimum_healthy_percent,
    var.deployment_maximum_percent,
    var.service_health_check_grace_period_seconds,
    var.deployment_alarms,
    var.service_timeouts,
    var.task_efs_volumes,
    var.task_local_volumes,
    var.task_ipc_mode,
    var.dockerSecurityOptions,
    var.gpu_count,
    var.gpu_autoscaling_target,
    var.gpu_capacity_reservation_id,
    var.lb_type,
    var.load_balancer_subnets,
    var.dns_names,
    var.certificate_issuers,
    var.alb_ingress_cidr_blocks,
    var.ssl_policy,
    var.idle_timeout,
    var.target_group_protocol,
    var.load_balancing_algorithm_type,
    var.healthcheck_path,
    var.healthcheck_interval,
    var.healthcheck_timeout,
    var.container_healthcheck_interval,
    var.container_healthcheck_timeout,
    var.deregistration_delay,
    var.healthcheck_response_code_matcher,
    var.dns_routing_policy,
    var.dns_set_identifier,
    var.dns_weight,
    var.replication_region,
    var.asg_subnets,
    var.asg_instance_type,
    var.asg_min_size,
    var.asg_max_size,
    var.asg_health_check_grace_period,
    var.on_demand_base_capacity,
    var.max_instance_lifetime,
    var.ami_id,
    var.root_volume_size,
    var.extra_instance_profile_permissions,
    var.ssh_cidr_block,
    var.extra_files,
    var.users,
    var.ecs_log_level,
    var.alarm_emails,
    var.sns_topic_arn,
    var.cloudwatch_log_group,
    var.cloudwatch_log_group_retention,
    var.cloudwatch_log_kms_key_id,
    var.vector_agent_config,
    var.vector_aggregator_endpoint,
  ]
}

run "other_wrong_values" {
  command = plan

  variables {
    # service name that ends in a hyphen
    service_name = "tempo-"
    # container port with a fraction
    container_port = 80.5
    # dns name twice
    dns_names = ["a", "a"]
    # ingress network twice
    alb_ingress_cidr_blocks = ["10.0.0.0/8", "10.0.0.0/8"]
    # extra file with permissions in letters
    extra_files = [{ content = "", path = "/etc/motd", permissions = "rw" }]
    # range of codes that falls
    healthcheck_response_code_matcher = "299-200"
    # tag keys that differ in case
    tags = { Team = "a", team = "b" }
    # environment variable without a name
    task_environment_variables = [{ name = "", value = "1" }]
    # secret without a name
    task_secrets = [{ name = null, valueFrom = "/app/password" }]
    # alarm without a name
    deployment_alarms = { alarm_names = [""] }
    # timeout of no time
    service_timeouts = { create = "0m" }
    # empty health check command
    container_healthcheck_command = " "
    # empty environment
    environment = ""
    # policies that are not arns
    execution_extra_policy         = { own = "" }
    execution_task_role_policy_arn = ""
    vector_agent_task_policy_arns  = [""]
    # empty images
    cloudwatch_agent_image = ""
    vector_agent_image     = ""
    # zone with the path of its ARN
    zone_id = "/hostedzone/Z0123456789"
    # empty key
    ssh_key_name = ""
    # subnets that are none
    load_balancer_subnets = ["subnet-a", null]
    asg_subnets           = ["", "subnet-a"]
    # issuer that is none
    certificate_issuers = ["amazon.com", ""]
    # volume names with a dot
    task_efs_volumes   = { "a.b" = { file_system_id = "fs-1", container_path = "/data" } }
    task_local_volumes = { "a.b" = { host_path = "/data", container_path = "/data" } }
  }

  expect_failures = [
    var.service_name,
    var.container_port,
    var.dns_names,
    var.alb_ingress_cidr_blocks,
    var.extra_files,
    var.healthcheck_response_code_matcher,
    var.tags,
    var.task_environment_variables,
    var.task_secrets,
    var.deployment_alarms,
    var.service_timeouts,
    var.container_healthcheck_command,
    var.environment,
    var.execution_extra_policy,
    var.execution_task_role_policy_arn,
    var.vector_agent_task_policy_arns,
    var.cloudwatch_agent_image,
    var.vector_agent_image,
    var.zone_id,
    var.ssh_key_name,
    var.load_balancer_subnets,
    var.asg_subnets,
    var.certificate_issuers,
    var.task_efs_volumes,
    var.task_local_volumes,
  ]
}
