# A container that runs once on every instance of the cluster.

locals {
  container_definition = {
    for key, value in {
      name      = var.name
      image     = var.image
      essential = true
      # It takes what is free, and keeps no task off the instance.
      cpu               = 0
      memory            = var.memory
      memoryReservation = var.memory_reservation
      entryPoint        = var.entry_point
      command           = var.command
      environment       = var.environment
      mountPoints = [
        for name, path in var.host_paths : { sourceVolume = name, containerPath = path, readOnly = true }
      ]
      logConfiguration = var.log_group_name == null ? null : {
        logDriver = "awslogs"
        options = {
          awslogs-group         = var.log_group_name
          awslogs-region        = var.region
          awslogs-stream-prefix = var.name
        }
      }
    } : key => value if value != null
  }
}

resource "aws_iam_role" "task" {
  name_prefix        = "${substr(var.name, 0, 37)}-"
  description        = "Daemon ${var.name}"
  assume_role_policy = var.assume_role_policy
  # Whoever destroys the attachments below does not detach the policies.
  force_detach_policies = true
  tags                  = var.tags
}

resource "aws_iam_role_policy" "task" {
  for_each = var.policies

  name   = each.key
  role   = aws_iam_role.task.name
  policy = each.value
}

# All at once: the ARN of a policy that is yet to be made can't be a key, and by their
# places in the list two attachments could undo one another when its order changes.
resource "aws_iam_role_policy_attachments_exclusive" "task" {
  role_name   = aws_iam_role.task.name
  policy_arns = var.policy_arns
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.family
  network_mode             = "bridge"
  requires_compatibilities = ["EC2"]
  execution_role_arn       = var.execution_role_arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([local.container_definition])
  tags                     = var.tags

  dynamic "volume" {
    for_each = var.host_paths

    content {
      name      = volume.key
      host_path = volume.value
    }
  }
}

resource "aws_ecs_service" "this" {
  name                = var.ecs_service_name
  cluster             = var.cluster_name
  task_definition     = aws_ecs_task_definition.this.arn
  launch_type         = "EC2"
  scheduling_strategy = "DAEMON"

  # There is no room for a second one on an instance: the old one goes first.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED"

  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"
  force_delete            = true
  tags                    = var.tags

  lifecycle {
    # Release 8.4.0 had another name, and what has it keeps it. Of one that moved in
    # the provider knows the cluster by its ARN: the same one may have either name, and
    # another one replaces the service by the next line.
    ignore_changes       = [name, cluster]
    replace_triggered_by = [terraform_data.cluster]
  }

  depends_on = [aws_iam_role_policy.task, aws_iam_role_policy_attachments_exclusive.task]
}

# Changes with the cluster, also when its name does not.
resource "terraform_data" "cluster" {
  input = var.cluster_id
}
