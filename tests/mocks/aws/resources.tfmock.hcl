# ARNs and ids of the shape that the provider insists on, for tests that apply.

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:us-west-2:123456789012:t"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/r"
  }
}

mock_resource "aws_iam_instance_profile" {
  defaults = {
    arn = "arn:aws:iam::123456789012:instance-profile/r"
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/a/b"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/a/b"
  }
}

mock_resource "aws_lb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/a/b/c"
  }
}

mock_resource "aws_lb_listener_rule" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener-rule/app/a/b/c/d"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn                       = "arn:aws:acm:us-west-2:123456789012:certificate/c"
    domain_validation_options = [{ domain_name = "tempo.example.com", resource_record_name = "_x", resource_record_type = "CNAME", resource_record_value = "y" }]
  }
}

mock_resource "aws_acm_certificate_validation" {
  defaults = {
    certificate_arn = "arn:aws:acm:us-west-2:123456789012:certificate/c"
  }
}

mock_resource "aws_autoscaling_group" {
  defaults = {
    arn  = "arn:aws:autoscaling:us-west-2:123456789012:autoScalingGroup:a:autoScalingGroupName/n"
    name = "n"
  }
}

mock_resource "aws_ecs_task_definition" {
  defaults = {
    arn = "arn:aws:ecs:us-west-2:123456789012:task-definition/t:1"
  }
}

mock_resource "aws_ecs_capacity_provider" {
  defaults = {
    arn = "arn:aws:ecs:us-west-2:123456789012:capacity-provider/t"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:us-west-2:123456789012:log-group:x"
  }
}

mock_resource "aws_launch_template" {
  defaults = {
    id             = "lt-0123456789abcdef0"
    latest_version = 1
  }
}
