module "instance_profile" {
  source       = "../instance-profile"
  service_name = var.service_name
  tags         = merge(var.tags, { created_by_module = "infrahouse/instance-profile/aws" })
}

resource "aws_launch_template" "tcp" {
  name_prefix            = local.prefix
  image_id               = var.image_id
  instance_type          = "t3.micro"
  key_name               = aws_key_pair.default.key_name
  user_data              = var.user_data
  vpc_security_group_ids = [aws_security_group.backend.id]
  tags                   = var.tags

  iam_instance_profile {
    arn = module.instance_profile.arn
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      delete_on_termination = true
      volume_size           = 32
    }
  }

  metadata_options {
    http_endpoint          = "enabled"
    http_tokens            = "required"
    instance_metadata_tags = "enabled"
  }

  tag_specifications {
    resource_type = "volume"
    tags          = var.tags
  }

  tag_specifications {
    resource_type = "network-interface"
    tags          = var.tags
  }
}

resource "aws_autoscaling_group" "tcp" {
  name_prefix           = local.prefix
  min_size              = 2
  max_size              = 3
  min_elb_capacity      = 2
  max_instance_lifetime = 2592000
  protect_from_scale_in = true
  vpc_zone_identifier   = var.backend_subnets
  health_check_type     = "EC2"
  enabled_metrics = [
    "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupTerminatingInstances", "GroupTotalInstances",
  ]
  wait_for_capacity_timeout = "20m"

  launch_template {
    id      = aws_launch_template.tcp.id
    version = aws_launch_template.tcp.latest_version
  }

  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }

  instance_refresh {
    strategy = "Rolling"
    triggers = ["tag"]

    preferences {
      min_healthy_percentage       = 100
      scale_in_protected_instances = "Refresh"
    }
  }

  dynamic "tag" {
    for_each = var.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [desired_capacity]
  }

  depends_on = [module.instance_profile]
}

resource "aws_autoscaling_policy" "cpu_load" {
  name                   = aws_autoscaling_group.tcp.name
  autoscaling_group_name = aws_autoscaling_group.tcp.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 60

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_key_pair" "default" {
  key_name_prefix = "${var.service_name}-"
  public_key      = var.public_key
  tags            = var.tags
}

resource "aws_cloudwatch_metric_alarm" "cpu_utilization_alarm" {
  alarm_name          = "${aws_autoscaling_group.tcp.name}-high-cpu"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  tags                = var.tags
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.tcp.name }
}
