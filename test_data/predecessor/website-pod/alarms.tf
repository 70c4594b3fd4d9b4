resource "aws_sns_topic" "alarms" {
  count             = local.alarms
  name              = "${aws_autoscaling_group.website.name}-alb-alarms"
  display_name      = "ALB Alarms for ${aws_autoscaling_group.website.name}"
  kms_master_key_id = "alias/aws/sns"
  tags              = merge(var.tags, { description = "CloudWatch alarms for ALB monitoring - Vanta compliance" })
}

resource "aws_sns_topic_subscription" "alarm_emails" {
  count     = length(var.alarm_emails)
  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = var.alarm_emails[count.index]
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_host_count" {
  count               = local.alarms
  alarm_name          = "${aws_autoscaling_group.website.name}-unhealthy-hosts"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
  tags                = var.tags

  dimensions = {
    LoadBalancer = aws_alb.website.arn_suffix
    TargetGroup  = aws_alb_target_group.website.arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "target_response_time" {
  count               = local.alarms
  alarm_name          = "${aws_autoscaling_group.website.name}-high-latency"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 48
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
  tags                = var.tags
  dimensions          = { LoadBalancer = aws_alb.website.arn_suffix }
}

resource "aws_cloudwatch_metric_alarm" "low_success_rate" {
  count               = local.alarms
  alarm_name          = "${aws_autoscaling_group.website.name}-low-success-rate"
  comparison_operator = "LessThanThreshold"
  threshold           = 99
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
  tags                = var.tags

  metric_query {
    id          = "rate"
    label       = "Success Rate (%)"
    expression  = "100 * (1 - FILL(target_5xx, 0) / FILL(request_count, 1))"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { target_5xx = "HTTPCode_Target_5XX_Count", request_count = "RequestCount" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        stat        = "Sum"
        period      = 300
        dimensions  = { LoadBalancer = aws_alb.website.arn_suffix }
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu_utilization" {
  count               = local.alarms
  alarm_name          = "${aws_autoscaling_group.website.name}-high-cpu"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms[0].arn]
  tags                = var.tags
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.website.name }
}
