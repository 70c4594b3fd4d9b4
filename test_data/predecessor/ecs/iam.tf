data "aws_iam_policy_document" "tasks_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "ecs_task_execution_role" {
  name_prefix        = "${var.service_name}TaskExecutionRole"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "ecs_task_execution_role_policy" {
  role       = aws_iam_role.ecs_task_execution_role.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "logs" {
  statement {
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [
      for group in [aws_cloudwatch_log_group.ecs[0], aws_cloudwatch_log_group.ecs_ec2_syslog[0], aws_cloudwatch_log_group.ecs_ec2_dmesg[0]] :
      "${group.arn}:*"
    ]
  }

  statement {
    actions   = ["logs:DescribeLogStreams"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "ecs_task_execution_logs_policy" {
  count  = 1
  policy = data.aws_iam_policy_document.logs.json
  tags   = local.tags
}

resource "aws_iam_role_policy_attachment" "ecs_task_execution_role_logs_policy" {
  count      = 1
  role       = aws_iam_role.ecs_task_execution_role.name
  policy_arn = aws_iam_policy.ecs_task_execution_logs_policy[0].arn
}

resource "aws_iam_role_policy_attachment" "ecs_instance_role" {
  role       = local.instance_role
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}
