resource "aws_iam_role" "cloudwatch_agent_task_role" {
  count              = 1
  name_prefix        = "${substr(var.service_name, 0, 20)}-cw-task-"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  tags               = local.tags
}

resource "aws_iam_role" "cloudwatch_agent_execution_role" {
  count              = 1
  name_prefix        = "${substr(var.service_name, 0, 20)}-cw-exec-"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "cloudwatch_agent_task_policy" {
  count      = 1
  role       = aws_iam_role.cloudwatch_agent_task_role[0].name
  policy_arn = aws_iam_policy.ecs_task_execution_logs_policy[0].arn
}

resource "aws_iam_role_policy_attachment" "cloudwatch_agent_execution_policy" {
  count      = 1
  role       = aws_iam_role.cloudwatch_agent_execution_role[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_ecs_task_definition" "cloudwatch_agent" {
  count              = 1
  family             = "${var.service_name}-cw-agent-daemon"
  network_mode       = "bridge"
  execution_role_arn = aws_iam_role.cloudwatch_agent_execution_role[0].arn
  task_role_arn      = aws_iam_role.cloudwatch_agent_task_role[0].arn
  tags               = local.tags

  container_definitions = jsonencode([{
    name              = "cloudwatch-agent"
    image             = "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300051.0b992"
    essential         = true
    memory            = 256
    memoryReservation = 64
    mountPoints = [
      { sourceVolume = "config-volume", containerPath = local.agent_config_path, readOnly = true },
      { sourceVolume = "log-volume", containerPath = "/var/log", readOnly = true },
    ]
  }])

  volume {
    name      = "config-volume"
    host_path = local.agent_config_path
  }

  volume {
    name      = "log-volume"
    host_path = "/var/log"
  }
}

resource "aws_ecs_service" "cloudwatch_agent_service" {
  count               = 1
  name                = "cloudwatch-agent-daemon"
  cluster             = aws_ecs_cluster.ecs.id
  task_definition     = aws_ecs_task_definition.cloudwatch_agent[0].arn
  launch_type         = "EC2"
  scheduling_strategy = "DAEMON"
  tags                = local.tags

  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100

  depends_on = [aws_iam_role_policy_attachment.ecs_instance_role, module.pod, module.tcp-pod]
}

locals {
  agent_config_path = "/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json"

  agent_config = {
    logs = {
      logs_collected = {
        files = {
          collect_list = [
            { file_path = "/var/log/messages", log_group_name = "${local.log_group_name}-syslog", log_stream_name = "{instance_id}" },
            { file_path = "/var/log/dmesg", log_group_name = "${local.log_group_name}-dmesg", log_stream_name = "{instance_id}" },
          ]
        }
      }
    }
  }

  user_data = base64encode("#cloud-config\n${yamlencode({
    write_files = [
      { path = "/etc/ecs/ecs.config", permissions = "0644", content = "ECS_CLUSTER=${var.service_name}\n" },
      { path = local.agent_config_path, permissions = "0644", content = jsonencode(local.agent_config) },
    ]
  })}")
}
