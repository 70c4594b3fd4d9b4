# What a caller gets who knows nothing of extra_target_groups, and that an empty
# map is the same as none.

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

run "without_the_variable" {
  command = plan

  assert {
    condition     = length(aws_lb_target_group.extra) + length(aws_lb_listener.extra) + length(aws_cloudwatch_metric_alarm.extra_unhealthy_hosts) == 0
    error_message = "There are extra target groups, listeners or alarms."
  }

  assert {
    condition     = length(aws_ecs_service.this.load_balancer) == 1
    error_message = "The service has ${length(aws_ecs_service.this.load_balancer)} target groups, not 1."
  }

  assert {
    condition     = jsonencode(local.container_definition.portMappings) == jsonencode([{ containerPort = 8080, hostPort = 0, protocol = "tcp" }])
    error_message = "Port mappings: ${jsonencode(local.container_definition.portMappings)}"
  }

  assert {
    condition     = output.extra_target_groups == {} && output.extra_target_group_arns == {}
    error_message = "Outputs name extra target groups."
  }

  assert {
    condition     = length(local.dashboard_panels) == 2
    error_message = "The dashboard has ${length(local.dashboard_panels)} panels, not one for the port and one for the tasks."
  }
}

run "with_an_empty_map" {
  command = plan

  variables {
    extra_target_groups = {}
  }

  assert {
    condition     = length(aws_lb_target_group.extra) + length(aws_lb_listener.extra) + length(aws_cloudwatch_metric_alarm.extra_unhealthy_hosts) == 0
    error_message = "There are extra target groups, listeners or alarms."
  }

  assert {
    condition     = jsonencode(local.container_definition.portMappings) == jsonencode([{ containerPort = 8080, hostPort = 0, protocol = "tcp" }])
    error_message = "Port mappings: ${jsonencode(local.container_definition.portMappings)}"
  }
}

run "load_balancer" {
  command = plan

  assert {
    condition     = length(module.website_pod) == 1 && length(module.tcp_pod) == 0
    error_message = "The default is an application load balancer."
  }

  assert {
    condition     = module.extra_target_groups.primary_stickiness.enabled && module.extra_target_groups.primary_stickiness.type == "lb_cookie"
    error_message = "Stickiness: ${jsonencode(module.extra_target_groups.primary_stickiness)}"
  }

  assert {
    condition     = output.dns_hostnames == ["tempo.example.com"]
    error_message = "Host names: ${jsonencode(output.dns_hostnames)}"
  }
}

run "host_names_with_the_apex" {
  command = plan

  variables {
    dns_names = ["", "www", "www.eu"]
  }

  assert {
    condition     = output.dns_hostnames == ["example.com", "www.example.com", "www.eu.example.com"]
    error_message = "Host names: ${jsonencode(output.dns_hostnames)}"
  }
}

run "deployment_by_default" {
  command = plan

  assert {
    condition     = length(aws_ecs_service.this.alarms) == 0 && aws_ecs_service.this.wait_for_steady_state == false && aws_ecs_service.this.timeouts == null
    error_message = "Alarms watch the deployment, or the apply waits for it."
  }
}

run "deployment_that_is_watched" {
  command = plan

  variables {
    deployment_alarms = { alarm_names = ["errors"] }
    extra_target_groups = {
      a = { listener_port = 8081, container_port = 8081 }
      b = { listener_port = 8082, container_port = 8082 }
    }
  }

  assert {
    condition = aws_ecs_service.this.alarms[0].alarm_names == toset([
      "errors",
      "tempo-unhealthy-hosts",
      "${aws_lb_target_group.extra["a"].name}-unhealthy-hosts",
      "${aws_lb_target_group.extra["b"].name}-unhealthy-hosts",
    ])
    error_message = "Alarms: ${jsonencode(aws_ecs_service.this.alarms[0].alarm_names)}"
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].enable && aws_ecs_service.this.alarms[0].rollback
    error_message = "The alarms don't roll back."
  }
}

run "deployment_that_alarms_end" {
  command = plan

  variables {
    deployment_alarms = { rollback = false }
    service_timeouts  = { delete = "5m" }
  }

  assert {
    condition     = aws_ecs_service.this.alarms[0].enable && !aws_ecs_service.this.alarms[0].rollback
    error_message = "The alarms roll back."
  }

  assert {
    condition     = aws_ecs_service.this.timeouts.delete == "5m" && aws_ecs_service.this.timeouts.create == null
    error_message = "Timeouts: ${jsonencode(aws_ecs_service.this.timeouts)}"
  }
}

run "deployment_that_is_watched_no_more" {
  command = plan

  variables {
    wait_for_steady_state = true
    deployment_alarms     = { enable = false, rollback = false }
  }

  assert {
    condition     = !aws_ecs_service.this.alarms[0].enable && contains(aws_ecs_service.this.alarms[0].alarm_names, "tempo-unhealthy-hosts")
    error_message = "Alarms: ${jsonencode(aws_ecs_service.this.alarms)}"
  }
}

run "waiting_for_the_service" {
  command = plan

  variables {
    wait_for_steady_state = true
    deployment_alarms     = {}
    service_timeouts      = { create = "1h30m", update = "40m" }
  }

  assert {
    condition     = aws_ecs_service.this.wait_for_steady_state
    error_message = "The apply does not wait."
  }

  assert {
    condition     = aws_ecs_service.this.timeouts.create == "1h30m" && aws_ecs_service.this.timeouts.update == "40m"
    error_message = "Timeouts: ${jsonencode(aws_ecs_service.this.timeouts)}"
  }
}

run "autoscaling_and_logs" {
  command = plan

  assert {
    condition     = aws_appautoscaling_policy.service.target_tracking_scaling_policy_configuration[0].target_value == 60
    error_message = "The target is ${aws_appautoscaling_policy.service.target_tracking_scaling_policy_configuration[0].target_value}, not 60 % CPU."
  }

  assert {
    condition = output.cloudwatch_log_group_names == {
      ecs    = "/ecs/development/tempo"
      syslog = "/ecs/development/tempo-syslog"
      dmesg  = "/ecs/development/tempo-dmesg"
    }
    error_message = "Log groups: ${jsonencode(output.cloudwatch_log_group_names)}"
  }

  assert {
    condition     = keys(module.daemon) == ["cloudwatch-agent"]
    error_message = "Daemons: ${jsonencode(keys(module.daemon))}"
  }

  # Without a prefix, as in releases up to 8.3.1: who searches the logs relies on it.
  assert {
    condition     = keys(local.container_definition.logConfiguration.options) == ["awslogs-group", "awslogs-region"]
    error_message = "Options: ${jsonencode(local.container_definition.logConfiguration.options)}"
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.container_insights) == 0
    error_message = "There is a log group of Container Insights, which is off."
  }
}

run "container_insights" {
  command = plan

  variables {
    enable_container_insights      = true
    cloudwatch_log_group_retention = 30
    cloudwatch_log_kms_key_id      = "arn:aws:kms:us-west-2:123456789012:key/1"
  }

  assert {
    condition = [
      for group in aws_cloudwatch_log_group.container_insights : "${group.name} ${group.retention_in_days} ${group.kms_key_id} ${group.tags.service}"
    ] == ["/aws/ecs/containerinsights/tempo/performance 30 arn:aws:kms:us-west-2:123456789012:key/1 tempo"]
    error_message = "Log groups: ${jsonencode(aws_cloudwatch_log_group.container_insights)}"
  }
}

# How often the load balancer asks has nothing to do with it.
run "health_check_of_the_container" {
  command = plan

  variables {
    healthcheck_interval = 10
    healthcheck_timeout  = 3
  }

  assert {
    condition     = local.container_definition.healthCheck.interval == 30 && local.container_definition.healthCheck.timeout == 5
    error_message = "Health check: ${jsonencode(local.container_definition.healthCheck)}"
  }
}

run "health_check_of_the_container_as_given" {
  command = plan

  variables {
    container_healthcheck_interval = 60
    container_healthcheck_timeout  = 20
  }

  assert {
    condition     = local.container_definition.healthCheck.interval == 60 && local.container_definition.healthCheck.timeout == 20
    error_message = "Health check: ${jsonencode(local.container_definition.healthCheck)}"
  }
}

run "without_logs" {
  command = plan

  variables {
    enable_cloudwatch_logs = false
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.this) == 0 && length(module.daemon) == 0 && !contains(keys(local.container_definition), "logConfiguration")
    error_message = "Something still writes logs."
  }

  assert {
    condition     = output.cloudwatch_log_group_name == null
    error_message = "The output names a log group."
  }
}

run "user_data_joins_the_cluster" {
  command = plan

  assert {
    condition     = startswith(base64decode(local.user_data), "#cloud-config\n")
    error_message = "User data is not a cloud-config."
  }

  assert {
    condition     = yamldecode(base64decode(local.user_data)).write_files[0].path == "/etc/ecs/ecs.config" && strcontains(yamldecode(base64decode(local.user_data)).write_files[0].content, "ECS_CLUSTER=tempo\n")
    error_message = "The agent is not told its cluster: ${base64decode(local.user_data)}"
  }

  assert {
    condition     = yamldecode(base64decode(local.user_data)).swap == { filename = "/swapfile", size = "${2 * data.aws_ec2_instance_type.this.memory_size}M" }
    error_message = "The swap file is not twice the memory: ${base64decode(local.user_data)}"
  }

  assert {
    condition     = local.root_volume_size == 32
    error_message = "The root volume has no room for the swap file: ${local.root_volume_size} GiB."
  }
}

run "without_swap" {
  command = plan

  variables {
    swap = false
  }

  assert {
    condition     = !can(yamldecode(base64decode(local.user_data)).swap) && local.root_volume_size == 30
    error_message = "The instances still swap: ${base64decode(local.user_data)}"
  }
}

run "tags" {
  command = plan

  variables {
    environment     = "prod"
    upstream_module = "acme/tempo/aws"
    vanta_owner     = "ops@example.com"
    tags            = { team = "observability" }
  }

  assert {
    condition = aws_ecs_service.this.tags == tomap({
      team                  = "observability"
      service               = "tempo"
      environment           = "prod"
      upstream_module       = "acme/tempo/aws"
      VantaOwner            = "ops@example.com"
      VantaNonProd          = "false"
      VantaContainsUserData = "false"
      VantaContainsEPHI     = "false"
    })
    error_message = "Tags: ${jsonencode(aws_ecs_service.this.tags)}"
  }
}

# IAM takes Environment and environment for one key: whatever the caller has, in tags or
# in the provider's default_tags, each resource has it once, as the caller spells it.
run "tags_of_the_caller" {
  command = plan

  variables {
    tags                = { Environment = "production", SERVICE = "mine", name = "all", owner = "me" }
    extra_target_groups = { web = { listener_port = 8081, container_port = 8081 } }
  }

  override_data {
    target = data.aws_default_tags.current
    values = { tags = { Owner = "default", vantaNonProd = "none", Extra_Target_Group = "none" } }
  }

  assert {
    condition = aws_ecs_service.this.tags == tomap({
      Environment           = "production"
      SERVICE               = "mine"
      name                  = "all"
      Owner                 = "me"
      VantaContainsUserData = "false"
      VantaContainsEPHI     = "false"
    })
    error_message = "Tags: ${jsonencode(aws_ecs_service.this.tags)}"
  }

  assert {
    condition     = aws_lb_target_group.extra["web"].tags == aws_ecs_service.this.tags && alltrue([for tag in values(local.name_tag) : length(tag) == 0])
    error_message = "Tags: ${jsonencode(aws_lb_target_group.extra["web"].tags)}, names: ${jsonencode(local.name_tag)}"
  }
}

run "container_of_every_kind" {
  command = plan

  variables {
    container_healthcheck_command = null
    container_command             = ["run"]
    container_memory              = 256
    container_memory_reservation  = 128
    dockerSecurityOptions         = ["no-new-privileges"]
    task_ipc_mode                 = "task"
    task_environment_variables    = [{ name = "A", value = "1" }]
    task_secrets                  = [{ name = "B", valueFrom = "arn:aws:secretsmanager:us-west-2:123456789012:secret:b-AbCdEf:key::" }]
    task_efs_volumes              = { shared = { file_system_id = "fs-1", container_path = "/shared" } }
    task_local_volumes            = { local = { host_path = "/data", container_path = "/local" } }
  }

  assert {
    condition     = !contains(keys(local.container_definition), "healthCheck") && local.container_definition.memoryReservation == 128 && local.container_definition.dockerSecurityOptions[0] == "no-new-privileges"
    error_message = "Container definition: ${jsonencode(local.container_definition)}"
  }

  assert {
    condition     = [for mount in local.container_definition.mountPoints : mount.containerPath] == ["/shared", "/local"]
    error_message = "Mount points: ${jsonencode(local.container_definition.mountPoints)}"
  }

  assert {
    condition     = sort([for volume in aws_ecs_task_definition.this.volume : volume.name]) == tolist(["local", "shared"]) && aws_ecs_task_definition.this.ipc_mode == "task"
    error_message = "The task definition has not both volumes, or another IPC mode."
  }

  # The role reads the secret, without the part of the ARN that picks a JSON key.
  assert {
    condition     = jsonencode(local.secret_arns) == jsonencode(["arn:aws:secretsmanager:us-west-2:123456789012:secret:b-AbCdEf"])
    error_message = "Secrets: ${jsonencode(local.secret_arns)}"
  }
}

# The execution role may read what the names stand for.
run "secrets_by_the_names_of_parameters" {
  command = plan

  variables {
    task_secrets = [
      { name = "A", valueFrom = "/app/db" },
      { name = "B", valueFrom = "token" },
      { name = "C", valueFrom = "arn:aws:ssm:us-east-1:123456789012:parameter/app/key" },
    ]
  }

  assert {
    condition = jsonencode(local.parameter_arns) == jsonencode([
      "arn:aws:ssm:us-west-2:123456789012:parameter/app/db",
      "arn:aws:ssm:us-west-2:123456789012:parameter/token",
      "arn:aws:ssm:us-east-1:123456789012:parameter/app/key",
    ])
    error_message = "Parameters: ${jsonencode(local.parameter_arns)}"
  }

  assert {
    condition     = local.container_definition.secrets[0].valueFrom == "/app/db" && length(local.secret_arns) == 0
    error_message = "Secrets: ${jsonencode([local.container_definition.secrets, local.secret_arns])}"
  }
}

# As the published predecessor has it, and as this module had it.

run "arm64_by_the_instance_type" {
  command = plan

  variables {
    asg_instance_type = "t4g.micro"
  }

  override_data {
    target = data.aws_ec2_instance_type.this
    values = { supported_architectures = ["arm64"], default_vcpus = 2, memory_size = 1024, gpus = [] }
  }

  override_data {
    target = data.aws_ami.this
    values = { architecture = "arm64", root_device_name = "/dev/xvda", block_device_mappings = [] }
  }

  assert {
    condition     = data.aws_ssm_parameter.ami.name == "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
    error_message = "The image is of ${data.aws_ssm_parameter.ami.name}."
  }
}

run "x86_64_by_the_instance_type" {
  command = plan

  assert {
    condition     = data.aws_ssm_parameter.ami.name == "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    error_message = "The image is of ${data.aws_ssm_parameter.ami.name}."
  }
}

run "gpus" {
  command = plan

  variables {
    asg_instance_type = "g4dn.xlarge"
    gpu_count         = 1
  }

  override_data {
    target = data.aws_ec2_instance_type.this
    values = {
      supported_architectures = ["x86_64"]
      default_vcpus           = 4
      memory_size             = 16384
      gpus                    = [{ count = 1, manufacturer = "NVIDIA", memory_size = 16384, name = "T4" }]
    }
  }

  assert {
    condition     = local.container_definition.resourceRequirements == [{ type = "GPU", value = "1" }]
    error_message = "Container definition: ${jsonencode(local.container_definition)}"
  }

  assert {
    condition     = data.aws_ssm_parameter.ami.name == "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"
    error_message = "The image is of ${data.aws_ssm_parameter.ami.name}."
  }

  assert {
    condition     = aws_appautoscaling_policy.gpu["gpu"].target_tracking_scaling_policy_configuration[0].target_value == 60 && output.gpu_metrics_namespace == "CWAgent"
    error_message = "The GPUs' load does not scale the service."
  }

  # What the callers' own alarms and dashboards name.
  assert {
    condition = one([
      for metric in aws_appautoscaling_policy.gpu["gpu"].target_tracking_scaling_policy_configuration[0].customized_metric_specification :
      [metric.namespace, metric.metric_name, one(metric.dimensions[*].name)]
    ]) == ["CWAgent", "nvidia_smi_utilization_gpu", "AutoScalingGroupName"]
    error_message = "Metric: ${jsonencode(aws_appautoscaling_policy.gpu["gpu"].target_tracking_scaling_policy_configuration)}"
  }
}

run "vector_agent" {
  command = plan

  variables {
    enable_vector_agent        = true
    vector_aggregator_endpoint = "vector.example.com:6000"
  }

  assert {
    condition     = yamldecode(local.vector_agent_config).sinks.aggregator.address == "vector.example.com:6000" && yamldecode(local.vector_agent_config).sources.containers.exclude_containers[0] == "ecs-agent"
    error_message = "Configuration: ${local.vector_agent_config}"
  }

  assert {
    condition     = contains(keys(module.daemon), "vector-agent")
    error_message = "Daemons: ${jsonencode(keys(module.daemon))}"
  }
}

run "access_logs_queried_and_replicated" {
  command = plan

  variables {
    alb_access_log_athena_enabled = true
    replication_region            = "us-east-1"
  }

  assert {
    condition     = output.alb_access_log_glue_database == "tempo_access_logs" && output.alb_access_log_glue_table == "alb_access_logs" && output.athena_workgroup == "tempo-access-logs"
    error_message = "The access logs have no table, or another one."
  }

  assert {
    condition     = length(module.access_log_replica) == 1
    error_message = "There is no replica."
  }
}

run "host_names_in_lower_case" {
  command = plan

  variables {
    dns_names = ["API", "*.Eu"]
  }

  assert {
    condition     = output.dns_hostnames == ["api.example.com", "*.eu.example.com"]
    error_message = "Host names: ${jsonencode(output.dns_hostnames)}"
  }
}

# A name in other letters is no other record.
run "host_names_keep_their_keys_in_any_case" {
  command = plan

  variables {
    dns_names = ["WWW", "www.eu"]
  }

  assert {
    condition     = keys(local.hostnames) == ["www", "www.eu"] && local.primary_hostname == "www.example.com"
    error_message = "Host names: ${jsonencode(local.hostnames)}"
  }
}

# ECS drops them, and the plan would want them back for ever.
run "what_is_null_or_empty_is_left_out" {
  command = plan

  variables {
    container_command          = []
    dockerSecurityOptions      = []
    upstream_module            = ""
    tags                       = { owner = null }
    cloudinit_extra_commands   = ["", "true"]
    task_environment_variables = [{ name = "A", value = null }, { name = "B", value = "" }, { name = "C", value = "1" }]
  }

  assert {
    condition     = jsonencode(local.container_definition.environment) == jsonencode([{ name = "C", value = "1" }])
    error_message = "Environment: ${jsonencode(local.container_definition.environment)}"
  }

  assert {
    condition     = length(setintersection(keys(local.container_definition), ["command", "dockerSecurityOptions"])) == 0
    error_message = "Container definition: ${jsonencode(local.container_definition)}"
  }

  assert {
    condition     = length(setintersection(keys(local.tags), ["owner", "upstream_module"])) == 0
    error_message = "Tags: ${jsonencode(local.tags)}"
  }

  assert {
    condition     = !contains(local.cloud_config.runcmd, "") && contains(local.cloud_config.runcmd, "true")
    error_message = "Commands: ${jsonencode(local.cloud_config.runcmd)}"
  }
}

run "spot_instances_are_drained" {
  command = plan

  variables {
    on_demand_base_capacity = 1
  }

  assert {
    condition     = strcontains(local.ecs_config_file.content, "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true\n")
    error_message = "The agent is not told to drain: ${local.ecs_config_file.content}"
  }
}

run "health_checks_of_the_container_s_ports" {
  command = plan

  variables {
    container_port                = 80
    container_healthcheck_command = "curl -f http://localhost 2>&1 && curl -k 'https://localhost/' && nc -z 127.0.0.1 8081 && wget -q localhost:8081/x"
    extra_target_groups = {
      tls = { listener_port = 8443, container_port = 443, protocol = "HTTPS" }
      web = { listener_port = 8081, container_port = 8081 }
    }
  }

  assert {
    condition     = local.healthcheck_ports == tolist(["80", "443", "8081"])
    error_message = "Ports that the command asks: ${jsonencode(local.healthcheck_ports)}"
  }
}

run "health_checks_that_name_no_port" {
  command = plan

  variables {
    container_healthcheck_command = "curl -f http://localhost:$PORT/ && redis-cli -h localhost ping && curl http://db.localhost.example.com/"
  }

  assert {
    condition     = length(local.healthcheck_ports) == 0
    error_message = "Ports that the command asks: ${jsonencode(local.healthcheck_ports)}"
  }
}

# The last one: the others would plan on what it has applied.
run "backend_security_group_both_ways" {
  command = apply

  assert {
    condition = (
      output.backend_security_group.backend.id == output.backend_security_group.id
      && keys(output.backend_security_group.backend.rules) == keys(output.backend_security_group.rules)
      && contains(keys(output.backend_security_group.rules), "tasks")
    )
    error_message = jsonencode(output.backend_security_group)
  }
}
