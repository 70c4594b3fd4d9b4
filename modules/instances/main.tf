# The EC2 instances of the service: an Auto Scaling group over the subnets and
# the launch template that its instances start from.

locals {
  # Room for what Terraform and AWS append: an IAM prefix has at most 38 characters.
  name_prefix = "${substr(var.service_name, 0, 36)}-"
  # The provider wants three characters at least.
  launch_template_prefix = length(local.name_prefix) < 3 ? "${local.name_prefix}-" : local.name_prefix
}

resource "aws_launch_template" "this" {
  name_prefix            = local.launch_template_prefix
  image_id               = var.ami_id
  instance_type          = var.instance_type
  key_name               = var.ssh_key_name
  user_data              = var.user_data
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.backend.id]
  tags                   = var.tags

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  # Two hops let the ECS agent, itself a container, reach the metadata service.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  block_device_mappings {
    device_name = var.root_device_name

    ebs {
      volume_size           = var.root_volume_size
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "capacity_reservation_specification" {
    for_each = var.capacity_reservation_id == null ? [] : [var.capacity_reservation_id]

    content {
      capacity_reservation_target {
        capacity_reservation_id = capacity_reservation_specification.value
      }
    }
  }

  tag_specifications {
    resource_type = "volume"
    tags          = var.instance_tags
  }

  tag_specifications {
    resource_type = "network-interface"
    tags          = var.instance_tags
  }

  lifecycle {
    create_before_destroy = true
    # One that moved in keeps its name.
    ignore_changes = [name, name_prefix]
  }
}

# Instances join a cluster by its name, once: a new one of the same name needs new
# instances, and the old one goes after its own.
resource "terraform_data" "cluster" {
  input = var.cluster_id
}

resource "aws_autoscaling_group" "this" {
  name_prefix               = local.name_prefix
  vpc_zone_identifier       = var.subnets
  min_size                  = var.min_size
  max_size                  = var.max_size
  health_check_type         = "EC2"
  health_check_grace_period = var.health_check_grace_period
  protect_from_scale_in     = var.protect_from_scale_in
  max_instance_lifetime     = var.max_instance_lifetime

  # What replaces an instance is there before it goes, also when its lifetime ends.
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }

  dynamic "launch_template" {
    for_each = var.on_demand_base_capacity == null ? [aws_launch_template.this] : []

    content {
      id      = launch_template.value.id
      version = launch_template.value.latest_version
    }
  }

  dynamic "mixed_instances_policy" {
    for_each = var.on_demand_base_capacity == null ? [] : [var.on_demand_base_capacity]

    content {
      instances_distribution {
        on_demand_base_capacity                  = mixed_instances_policy.value
        on_demand_percentage_above_base_capacity = 0
        spot_allocation_strategy                 = "price-capacity-optimized"
      }

      launch_template {
        launch_template_specification {
          launch_template_id = aws_launch_template.this.id
          version            = aws_launch_template.this.latest_version
        }
      }
    }
  }

  # A new launch template version replaces the instances one by one, each after
  # its successor is there.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage       = 100
      max_healthy_percentage       = 110
      scale_in_protected_instances = "Refresh"
    }
  }

  dynamic "tag" {
    # ECS adds AmazonECSManaged to the group of a capacity provider.
    for_each = merge(
      { for key, value in var.instance_tags : key => value if lower(key) != "amazonecsmanaged" },
      { AmazonECSManaged = "true" },
    )

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    # The capacity provider's managed scaling moves its size. One that moved in keeps
    # its name.
    ignore_changes       = [desired_capacity, name, name_prefix]
    replace_triggered_by = [terraform_data.cluster]
  }

  # A group whose instances have lost their permissions can't stop its tasks, so
  # the policies outlive the group.
  depends_on = [
    aws_iam_role_policy_attachment.instance,
    aws_iam_role_policy.instance,
    aws_vpc_security_group_egress_rule.backend_ipv4,
    aws_vpc_security_group_egress_rule.backend_ipv6,
  ]
}
