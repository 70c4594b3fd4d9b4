# How many tasks run: between task_min_count and task_max_count, by one metric of
# the service or of its primary target group.

locals {
  autoscaling_target = coalesce(var.autoscaling_target, var.autoscaling_target_cpu_usage)
}

resource "aws_appautoscaling_target" "service" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.task_min_count
  max_capacity       = var.task_max_count
  tags               = local.tags

  # Its resource_id is made of names, which a new service does not change.
  lifecycle {
    replace_triggered_by = [aws_ecs_service.this.id]
  }
}

resource "aws_appautoscaling_policy" "service" {
  name               = var.service_name
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service.service_namespace
  scalable_dimension = aws_appautoscaling_target.service.scalable_dimension
  resource_id        = aws_appautoscaling_target.service.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local.autoscaling_target
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = var.autoscaling_metric
      resource_label = (
        var.autoscaling_metric == "ALBRequestCountPerTarget"
        ? "${local.load_balancer_arn_suffix}/${local.target_group_arn_suffix}"
        : null
      )
    }
  }

  # It goes with its target. One that moved in keeps its name.
  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.service.id]
    ignore_changes       = [name]
  }
}

# A service with GPUs is also held at their load, which a daemon reports.
resource "aws_appautoscaling_policy" "gpu" {
  for_each = var.gpu_count > 0 ? { gpu = local.gpu_metrics_namespace } : {}

  name               = "${var.service_name}-gpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service.service_namespace
  scalable_dimension = aws_appautoscaling_target.service.scalable_dimension
  resource_id        = aws_appautoscaling_target.service.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.gpu_autoscaling_target
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    customized_metric_specification {
      namespace   = each.value
      metric_name = local.gpu_metric_name
      statistic   = "Average"
      unit        = "Percent"

      dimensions {
        name  = local.gpu_metric_dimension
        value = module.instances.asg_name
      }
    }
  }

  # It goes with its target. One that moved in keeps its name.
  lifecycle {
    replace_triggered_by = [aws_appautoscaling_target.service.id]
    ignore_changes       = [name]
  }
}
