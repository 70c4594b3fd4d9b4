# Whom alarms and failed deployments tell.

# CloudWatch can't publish to a topic under Amazon's key for SNS, and a key of
# our own would cost every caller; an alarm's text holds no secret.
#tfsec:ignore:aws-sns-enable-topic-encryption
#trivy:ignore:avd-aws-0095
resource "aws_sns_topic" "alarms" {
  name_prefix = "${substr(var.service_name, 0, 80)}-alarms-"
  tags        = local.tags

  # One that moved in keeps its name.
  lifecycle {
    ignore_changes = [name, name_prefix]
  }
}

resource "aws_sns_topic_subscription" "alarm_emails" {
  for_each = toset(var.alarm_emails) # they must be known in the plan

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

data "aws_iam_policy_document" "alarms_topic" {
  statement {
    sid       = "Alarms"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # EventBridge can't publish under a policy with conditions.
  statement {
    sid       = "Events"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms_topic.json
}

locals {
  # A topic that is yet to be made has no ARN in the plan: then it may be in a
  # value, but not decide how many resources there are.
  alarm_actions = compact([aws_sns_topic.alarms.arn, var.sns_topic_arn])
}

# A deployment that fails, also one that the circuit breaker rolls back, raises no
# alarm by itself: the old tasks go on serving.
resource "aws_cloudwatch_event_rule" "failed_deployments" {
  name_prefix = "${substr(var.service_name, 0, 26)}-failed-"
  description = "Failed deployments of the ECS service ${var.service_name}"
  tags        = local.tags

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Deployment State Change"]
    resources   = [aws_ecs_service.this.id]
    detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "failed_deployments" {
  rule      = aws_cloudwatch_event_rule.failed_deployments.name
  target_id = "topic"
  arn       = coalesce(var.sns_topic_arn, aws_sns_topic.alarms.arn)
}
