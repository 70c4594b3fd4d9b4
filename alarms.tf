# What calls for a human: targets that stay unhealthy, slow or failing answers,
# and a service that has no CPU left.

locals {
  lb_namespace = local.is_alb ? "AWS/ApplicationELB" : "AWS/NetworkELB"

  # What deployment_alarms watches. None of them depends on the service, which
  # depends on them.
  target_alarms = concat(
    [aws_cloudwatch_metric_alarm.unhealthy_hosts.alarm_name],
    [for key in keys(local.extra_target_groups) : aws_cloudwatch_metric_alarm.extra_unhealthy_hosts[key].alarm_name],
  )

  # Answers are slow when they take most of what the load balancer waits for.
  latency_threshold = 0.6 * var.idle_timeout
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_hosts" {
  alarm_name          = "${var.service_name}-unhealthy-hosts"
  alarm_description   = "Targets of ${var.service_name} on container port ${var.container_port} fail their health checks."
  namespace           = local.lb_namespace
  metric_name         = "UnHealthyHostCount"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags

  dimensions = {
    LoadBalancer = local.load_balancer_arn_suffix
    TargetGroup  = local.target_group_arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "extra_unhealthy_hosts" {
  for_each = local.extra_target_groups

  # A target group's name is unique and made of the service's and the key.
  alarm_name          = "${aws_lb_target_group.extra[each.key].name}-unhealthy-hosts"
  alarm_description   = "Targets of ${var.service_name} on container port ${each.value.container_port} (${each.key}) fail their health checks."
  namespace           = local.lb_namespace
  metric_name         = "UnHealthyHostCount"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags

  dimensions = {
    LoadBalancer = local.load_balancer_arn_suffix
    TargetGroup  = aws_lb_target_group.extra[each.key].arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each = local.is_alb ? { latency = local.latency_threshold } : {}

  alarm_name          = "${var.service_name}-latency"
  alarm_description   = "Answers of ${var.service_name} take more than ${each.value} seconds on average."
  namespace           = local.lb_namespace
  metric_name         = "TargetResponseTime"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags

  dimensions = {
    LoadBalancer = local.load_balancer_arn_suffix
    TargetGroup  = local.target_group_arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "success_rate" {
  for_each = local.is_alb ? { success_rate = 99 } : {}

  alarm_name          = "${var.service_name}-success-rate"
  alarm_description   = "Less than ${each.value} % of the requests to ${var.service_name} succeed."
  comparison_operator = "LessThanThreshold"
  threshold           = each.value
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags

  metric_query {
    id          = "rate"
    label       = "Successful requests in percent"
    expression  = "100 * (1 - (FILL(failed, 0) + FILL(refused, 0)) / requests)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = {
      requests = "RequestCount"
      failed   = "HTTPCode_Target_5XX_Count"
      refused  = "HTTPCode_ELB_5XX_Count"
    }

    content {
      id = metric_query.key

      metric {
        namespace   = local.lb_namespace
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 60
        dimensions  = { LoadBalancer = local.load_balancer_arn_suffix }
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name          = "${var.service_name}-cpu"
  alarm_description   = "Tasks of ${var.service_name} use more than 90 % of their CPU, although auto scaling may add some."
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  period              = 60
  evaluation_periods  = 10
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags

  dimensions = {
    ClusterName = aws_ecs_cluster.this.name
    ServiceName = var.service_name
  }
}
