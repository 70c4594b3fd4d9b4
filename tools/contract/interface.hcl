# What callers of the module rely on: its inputs with their types and defaults,
# its outputs, and the provider configurations that it takes. A change here is a
# change for them: a new optional input or a new output is a minor release, all
# else a major one.

providers = ["aws", "aws.dns"]

# In the notation of Terraform's object types: what is not optional is required,
# and optional without a default is null.
inputs = object({
  alarm_emails          = list(string)
  asg_subnets           = list(string)
  dns_names             = list(string)
  docker_image          = string
  load_balancer_subnets = list(string)
  service_name          = string
  zone_id               = string

  access_log_force_destroy           = optional(bool, false)
  alb_access_log_athena_enabled      = optional(bool, false)
  alb_ingress_cidr_blocks            = optional(list(string), ["0.0.0.0/0"])
  ami_id                             = optional(string)
  asg_health_check_grace_period      = optional(number, 300)
  asg_instance_type                  = optional(string, "t3.micro")
  asg_max_size                       = optional(number)
  asg_min_size                       = optional(number)
  assume_dns                         = optional(bool, true)
  autoscaling_metric                 = optional(string, "ECSServiceAverageCPUUtilization")
  autoscaling_target                 = optional(number)
  autoscaling_target_cpu_usage       = optional(number, 60)
  certificate_issuers                = optional(list(string), ["amazon.com"])
  cloudinit_extra_commands           = optional(list(string), [])
  cloudwatch_agent_extra_environment = optional(list(object({ name = string, value = string })), [])

  # The images are pinned: a newer one is a line in the changelog.
  cloudwatch_agent_image = optional(string, "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300062.0b1304")
  vector_agent_image     = optional(string, "timberio/vector:0.46.1-alpine")

  cloudwatch_log_group               = optional(string)
  cloudwatch_log_group_retention     = optional(number, 365)
  cloudwatch_log_kms_key_id          = optional(string)
  container_command                  = optional(list(string))
  container_cpu                      = optional(number, 200)
  container_healthcheck_command      = optional(string, "curl -f http://localhost/ || exit 1")
  container_healthcheck_interval     = optional(number, 30)
  container_healthcheck_timeout      = optional(number, 5)
  container_memory                   = optional(number, 128)
  container_memory_reservation       = optional(number)
  container_port                     = optional(number, 8080)
  deployment_alarms = optional(object({
    alarm_names = optional(list(string), [])
    enable      = optional(bool, true)
    rollback    = optional(bool, true)
  }))
  deployment_maximum_percent         = optional(number, 200)
  deployment_minimum_healthy_percent = optional(number, 100)
  deregistration_delay               = optional(number, 300)
  dns_routing_policy                 = optional(string, "simple")
  dns_set_identifier                 = optional(string)
  dns_weight                         = optional(number, 100)
  dockerSecurityOptions              = optional(list(string))
  ecs_log_level                      = optional(string, "info")
  enable_cloudwatch_logs             = optional(bool, true)
  enable_container_insights          = optional(bool, false)
  enable_deployment_circuit_breaker  = optional(bool, true)
  enable_vector_agent                = optional(bool, false)
  environment                        = optional(string, "development")
  execution_extra_policy             = optional(map(string), {})
  execution_task_role_policy_arn     = optional(string)
  extra_files                        = optional(list(object({ content = string, path = string, permissions = string })), [])
  extra_instance_profile_permissions = optional(string)

  extra_target_groups = optional(map(object({
    listener_port                 = number
    container_port                = number
    host_port                     = optional(number)
    protocol                      = optional(string, "HTTP")
    protocol_version              = optional(string)
    listener_protocol             = optional(string)
    certificate_arn               = optional(string)
    ingress_cidr_blocks           = optional(list(string))
    ingress_ipv6_cidr_blocks      = optional(list(string)) # only null: anything else is refused
    ingress_security_group_ids    = optional(list(string))
    deregistration_delay          = optional(number)
    slow_start                    = optional(number)
    load_balancing_algorithm_type = optional(string)
    stickiness = optional(object({
      enabled         = optional(bool, true)
      type            = optional(string)
      cookie_duration = optional(number)
      cookie_name     = optional(string)
    }))
    health_check = optional(object({
      # Null, since what fits depends on the protocol: "/" and "200-299" with
      # HTTP, "/AWS.ALB/healthcheck" and "12" with GRPC, neither with TCP.
      path                = optional(string)
      port                = optional(string, "traffic-port")
      matcher             = optional(string)
      interval            = optional(number, 30)
      timeout             = optional(number, 5)
      healthy_threshold   = optional(number, 2)
      unhealthy_threshold = optional(number, 3)
    }), {})
  })), {})

  gpu_autoscaling_target                    = optional(number, 60)
  gpu_capacity_reservation_id               = optional(string)
  gpu_count                                 = optional(number, 0)
  healthcheck_interval                      = optional(number, 10)
  healthcheck_path                          = optional(string, "/index.html")
  healthcheck_response_code_matcher         = optional(string, "200-299")
  healthcheck_timeout                       = optional(number, 5)
  idle_timeout                              = optional(number, 60)
  lb_type                                   = optional(string, "alb")
  load_balancing_algorithm_type             = optional(string, "round_robin")
  managed_draining                          = optional(bool, true)
  managed_termination_protection            = optional(bool, true)
  max_instance_lifetime                     = optional(number, 2592000)
  on_demand_base_capacity                   = optional(number)
  replication_region                        = optional(string)
  root_volume_size                          = optional(number, 30)
  service_health_check_grace_period_seconds = optional(number)
  service_timeouts = optional(object({
    create = optional(string)
    update = optional(string)
    delete = optional(string)
  }), {})
  sns_topic_arn                             = optional(string)
  ssh_cidr_block                            = optional(string)
  ssh_key_name                              = optional(string)
  ssl_policy                                = optional(string, "ELBSecurityPolicy-TLS13-1-2-Res-2021-06")

  stickiness = optional(object({
    enabled         = optional(bool, true)
    type            = optional(string)
    cookie_duration = optional(number)
    cookie_name     = optional(string)
  }), {})

  swap                                      = optional(bool, true)
  tags                                      = optional(map(string), {})
  target_group_protocol                     = optional(string, "HTTP")
  task_desired_count                        = optional(number, 1)
  task_efs_volumes                          = optional(map(object({ file_system_id = string, container_path = string })), {})
  task_environment_variables                = optional(list(object({ name = string, value = string })), [])
  task_ipc_mode                             = optional(string)
  task_local_volumes                        = optional(map(object({ host_path = string, container_path = string })), {})
  task_max_count                            = optional(number, 10)
  task_min_count                            = optional(number, 1)
  task_role_arn                             = optional(string)
  task_secrets                              = optional(list(object({ name = string, valueFrom = string })), [])
  upstream_module                           = optional(string)
  users                                     = optional(any)
  vanta_contains_ephi                       = optional(bool, false)
  vanta_contains_user_data                  = optional(bool, false)
  vanta_description                         = optional(string)
  vanta_no_alert                            = optional(string)
  vanta_owner                               = optional(string)
  vanta_production_environments             = optional(list(string), ["production", "prod"])
  vanta_user_data_stored                    = optional(string)
  vector_agent_config                       = optional(string)
  vector_agent_exclude_containers           = optional(list(string), ["ecs-agent"])
  vector_agent_task_policy_arns             = optional(list(string), [])
  vector_aggregator_endpoint                = optional(string)
  wait_for_steady_state                     = optional(bool, false)
})

# Inputs with a default for which null is a value of its own. For all others null
# is the default.
null_is_a_value = ["container_healthcheck_command", "max_instance_lifetime"]

outputs = [
  "access_log_bucket_name",
  "access_log_replica_bucket_name",
  "acm_certificate_arn",
  "alb_access_log_glue_database",
  "alb_access_log_glue_table",
  "appautoscaling_target_resource_id",
  "asg_arn",
  "asg_name",
  "athena_results_bucket",
  "athena_workgroup",
  "backend_security_group",
  "cloudwatch_log_group_name",
  "cloudwatch_log_group_names",
  "cluster_name",
  "dns_hostnames",
  "extra_target_group_arns",
  "extra_target_groups",
  "gpu_metrics_namespace",
  "load_balancer_arn",
  "load_balancer_arn_suffix",
  "load_balancer_dns_name",
  "load_balancer_security_groups",
  "service_arn",
  "service_name",
  "ssl_listener_arn",
  "target_group_arn",
  "target_group_arn_suffix",
  "task_definition_arn",
  "task_execution_role_arn",
  "task_execution_role_name",
]

# Attributes of the outputs that are objects, or maps of them.
output_attributes = {
  backend_security_group = ["backend", "id", "rules"]
  extra_target_groups = [
    "container_port",
    "listener_arn",
    "listener_port",
    "target_group_arn",
    "target_group_arn_suffix",
    "target_group_name",
    "url",
  ]
}
