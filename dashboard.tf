# One dashboard for the service: a panel a port, with its targets and what it
# serves, and one for the tasks.

locals {
  dashboard_ports = concat(
    [{
      title        = "${local.is_alb ? 443 : var.container_port} to container port ${var.container_port}"
      target_group = local.target_group_arn_suffix
    }],
    [for key, entry in local.extra_target_groups : {
      title        = "${key}: ${entry.listener_port} to container port ${entry.container_port}"
      target_group = aws_lb_target_group.extra[key].arn_suffix
    }],
  )

  # What a load balancer of the kind counts for a target group.
  dashboard_metrics = local.is_alb ? {
    HealthyHostCount          = { stat = "Minimum", axis = "left" }
    UnHealthyHostCount        = { stat = "Maximum", axis = "left" }
    RequestCount              = { stat = "Sum", axis = "right" }
    HTTPCode_Target_5XX_Count = { stat = "Sum", axis = "right" }
    } : {
    HealthyHostCount       = { stat = "Minimum", axis = "left" }
    UnHealthyHostCount     = { stat = "Maximum", axis = "left" }
    TCP_Target_Reset_Count = { stat = "Sum", axis = "right" }
  }

  dashboard_service = {
    title = "Tasks"
    metrics = [
      for name in ["CPUUtilization", "MemoryUtilization"] :
      ["AWS/ECS", name, "ClusterName", aws_ecs_cluster.this.name, "ServiceName", var.service_name, { stat = "Average", yAxis = "left" }]
    ]
  }

  dashboard_panels = concat(
    [for port in local.dashboard_ports : {
      title = port.title
      metrics = [
        for name, metric in local.dashboard_metrics :
        concat(
          [local.lb_namespace, name, "TargetGroup", port.target_group, "LoadBalancer", local.load_balancer_arn_suffix],
          [{ stat = metric.stat, yAxis = metric.axis }],
        )
      ]
    }],
    [local.dashboard_service],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.service_name

  # Two panels of twelve columns side by side.
  dashboard_body = jsonencode({
    widgets = [
      for index, panel in local.dashboard_panels : {
        type   = "metric"
        x      = 12 * (index % 2)
        y      = 6 * floor(index / 2)
        width  = 12
        height = 6
        properties = {
          title   = panel.title
          region  = local.region
          view    = "timeSeries"
          period  = 60
          metrics = panel.metrics
        }
      }
    ]
  })
}
