# What runs once on every instance: the CloudWatch agent sends the instances'
# logs, the Vector agent the containers', and a script the load of the GPUs.

locals {
  # The instances keep their journal in these files too, for the agent (user_data.tf).
  host_log_directory = "/var/log/host"
  host_log_streams   = ["syslog", "dmesg"]

  cloudwatch_agent_config = {
    logs = {
      logs_collected = {
        files = {
          collect_list = [
            for stream in local.host_log_streams : {
              file_path       = "${local.host_log_directory}/${stream}.log"
              log_group_name  = local.log_group_name_of[stream]
              log_stream_name = "{instance_id}"
            }
          ]
        }
      }
    }
  }

  vector_agent_config = coalesce(var.vector_agent_config, yamlencode({
    sources = {
      containers = {
        type               = "docker_logs"
        exclude_containers = sort(distinct(compact(var.vector_agent_exclude_containers)))
      }
    }
    transforms = {
      labelled = {
        type   = "remap"
        inputs = ["containers"]
        source = ".service = ${jsonencode(var.service_name)}\n.environment = ${jsonencode(var.environment)}\n"
      }
    }
    sinks = {
      aggregator = {
        type    = "vector"
        inputs  = ["labelled"]
        address = coalesce(var.vector_aggregator_endpoint, "none:0")
      }
    }
  }))

  # As the CloudWatch agent would report them.
  gpu_metrics_namespace = var.gpu_count > 0 ? "CWAgent" : null
  gpu_metric_name       = "nvidia_smi_utilization_gpu"
  gpu_metric_dimension  = "AutoScalingGroupName"

  # Every minute the average over the instance's GPUs.
  gpu_metrics_script = <<-EOT
    while true; do
      value=$(nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits | awk '{ sum += $1 } END { if (NR) print sum / NR }')
      [ -n "$value" ] && aws cloudwatch put-metric-data --namespace "$NAMESPACE" --metric-name "$METRIC_NAME" \
        --dimensions "$DIMENSIONS" --unit Percent --value "$value"
      sleep 60
    done
  EOT

  # By themselves, as the size of the group depends on their number, and on the group
  # what a daemon is told.
  daemon_names = [
    for name, enabled in {
      cloudwatch-agent = var.enable_cloudwatch_logs
      vector-agent     = var.enable_vector_agent
      gpu-metrics      = var.gpu_count > 0
    } : name if enabled
  ]
  daemon_memory_reservation = 64

  all_daemons = {
    cloudwatch-agent = {
      family      = "cw-agent-daemon"
      image       = var.cloudwatch_agent_image
      entry_point = null
      command     = null
      host_paths  = { logs = local.host_log_directory }
      policies    = { task = data.aws_iam_policy_document.cloudwatch_agent.json }
      policy_arns = []
      environment = concat(
        [{ name = "CW_CONFIG_CONTENT", value = jsonencode(local.cloudwatch_agent_config) }],
        [for variable in var.cloudwatch_agent_extra_environment : variable if try(length(variable.value) > 0, false)],
      )
    }
    vector-agent = {
      family      = "vector-agent-daemon"
      image       = var.vector_agent_image
      entry_point = ["/bin/sh", "-c"]
      command     = ["printf '%s' \"$AGENT_CONFIG\" > /tmp/agent.yaml && exec vector --config /tmp/agent.yaml"]
      host_paths  = { docker = "/var/run/docker.sock" }
      policies    = {}
      policy_arns = var.vector_agent_task_policy_arns
      environment = [{ name = "AGENT_CONFIG", value = local.vector_agent_config }]
    }
    gpu-metrics = {
      family      = "gpu-metrics-daemon"
      image       = "public.ecr.aws/aws-cli/aws-cli:2.22.35"
      entry_point = ["/bin/sh", "-c"]
      command     = [local.gpu_metrics_script]
      host_paths  = {}
      policies    = { task = data.aws_iam_policy_document.gpu_metrics.json }
      policy_arns = []
      environment = [
        { name = "AWS_REGION", value = local.region },
        { name = "NAMESPACE", value = coalesce(local.gpu_metrics_namespace, "none") },
        { name = "METRIC_NAME", value = local.gpu_metric_name },
        { name = "DIMENSIONS", value = "${local.gpu_metric_dimension}=${module.instances.asg_name}" },
        # The NVIDIA runtime shows the GPUs to a container that reserves none.
        { name = "NVIDIA_VISIBLE_DEVICES", value = "all" },
        { name = "NVIDIA_DRIVER_CAPABILITIES", value = "utility" },
      ]
    }
  }

  daemons = { for name in local.daemon_names : name => local.all_daemons[name] }
}

data "aws_iam_policy_document" "cloudwatch_agent" {
  statement {
    sid = "SendLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    resources = [
      for stream in local.host_log_streams :
      "arn:${local.partition}:logs:${local.region}:${data.aws_caller_identity.current.account_id}:log-group:${local.log_group_name_of[stream]}:*"
    ]
  }
}

data "aws_iam_policy_document" "gpu_metrics" {
  # PutMetricData has no resource-level permissions; the namespace can be restricted.
  statement {
    sid       = "SendMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [coalesce(local.gpu_metrics_namespace, "none")]
    }
  }
}

module "daemon" {
  source   = "./modules/daemon"
  for_each = local.daemons

  name               = "${var.service_name}-${each.key}"
  ecs_service_name   = "${each.key}-daemon"
  family             = "${var.service_name}-${each.value.family}"
  cluster_name       = aws_ecs_cluster.this.name
  cluster_id         = aws_ecs_cluster.this.id
  image              = each.value.image
  entry_point        = each.value.entry_point
  command            = each.value.command
  environment        = each.value.environment
  memory             = 256
  memory_reservation = local.daemon_memory_reservation
  host_paths         = each.value.host_paths
  policies           = each.value.policies
  policy_arns        = each.value.policy_arns
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  execution_role_arn = aws_iam_role.execution.arn
  log_group_name     = try(aws_cloudwatch_log_group.this["ecs"].name, null)
  region             = local.region
  tags               = local.tags

  # The instances must outlive the daemons' services, or no agent stops their tasks.
  depends_on = [
    aws_ecs_cluster_capacity_providers.this,
    aws_iam_role_policy.execution,
  ]
}
