# Whom alarms tell.

# CloudWatch can't publish to a topic under Amazon's key for SNS, and a key of
# our own would cost every caller; an alarm's text holds no secret.
#tfsec:ignore:aws-sns-enable-topic-encryption
#trivy:ignore:avd-aws-0095
resource "aws_sns_topic" "alarms" {
  name_prefix = "${substr(var.service_name, 0, 80)}-alarms-"
  tags        = local.tags
}

resource "aws_sns_topic_subscription" "alarm_emails" {
  for_each = toset(var.alarm_emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

locals {
  alarm_actions = [aws_sns_topic.alarms.arn]
}
