# Log groups. ecs has what the containers print; syslog and dmesg come from the
# instances, by the CloudWatch agent.

locals {
  log_group_name = coalesce(var.cloudwatch_log_group, "/ecs/${var.environment}/${var.service_name}")
  log_group_name_of = {
    ecs    = local.log_group_name
    syslog = "${local.log_group_name}-syslog"
    dmesg  = "${local.log_group_name}-dmesg"
  }
}

# CloudWatch Logs encrypts every group; with a key of your own when
# cloudwatch_log_kms_key_id names one.
#tfsec:ignore:aws-cloudwatch-log-group-customer-key
#trivy:ignore:avd-aws-0017
resource "aws_cloudwatch_log_group" "this" {
  for_each = { for key, name in local.log_group_name_of : key => name if var.enable_cloudwatch_logs }

  name              = each.value
  retention_in_days = var.cloudwatch_log_group_retention
  kms_key_id        = var.cloudwatch_log_kms_key_id
  tags              = local.tags
}

# What Container Insights counts. The address, with its index, is that of releases up to 8.3.1.
#tfsec:ignore:aws-cloudwatch-log-group-customer-key
#trivy:ignore:avd-aws-0017
resource "aws_cloudwatch_log_group" "container_insights" {
  count = var.enable_container_insights ? 1 : 0

  name              = "/aws/ecs/containerinsights/${var.service_name}/performance"
  retention_in_days = var.cloudwatch_log_group_retention
  kms_key_id        = var.cloudwatch_log_kms_key_id
  tags              = local.tags
}
