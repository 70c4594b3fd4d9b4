# The role in which ECS starts the tasks: it pulls the image, writes the logs and
# reads the secrets. What the container's own code may do is task_role_arn.

data "aws_iam_policy_document" "tasks_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

locals {
  # A secret's ARN may end in :json-key:version-stage:version-id, which is no
  # part of the resource.
  secret_arns = distinct([
    for secret in var.task_secrets : join(":", slice(split(":", secret.valueFrom), 0, 7))
    if strcontains(secret.valueFrom, ":secretsmanager:")
  ])
  # A bare name is that of a parameter in the region and account of the tasks.
  parameter_arns = distinct([
    for secret in var.task_secrets : (
      startswith(secret.valueFrom, "arn:") ? secret.valueFrom
      : "arn:${local.partition}:ssm:${local.region}:${data.aws_caller_identity.current.account_id}:parameter/${trimprefix(secret.valueFrom, "/")}"
    ) if !strcontains(secret.valueFrom, ":secretsmanager:")
  ])
}

data "aws_iam_policy_document" "execution" {
  # The call names no resource.
  statement {
    sid       = "RegistryLogin"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PullImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = ["arn:${local.partition}:ecr:*:*:repository/*"]
  }

  dynamic "statement" {
    for_each = aws_cloudwatch_log_group.this

    content {
      sid     = "WriteLogs${title(statement.key)}"
      actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
      # The streams of the one group; their names hold the tasks' ids.
      #tfsec:ignore:aws-iam-no-policy-wildcards
      resources = ["${statement.value.arn}:*"]
    }
  }

  dynamic "statement" {
    for_each = length(local.secret_arns) > 0 ? [local.secret_arns] : []

    content {
      sid       = "ReadSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.parameter_arns) > 0 ? [local.parameter_arns] : []

    content {
      sid       = "ReadParameters"
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = "${substr(var.service_name, 0, 31)}-exec-"
  description        = "Starts the tasks of the ECS service ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
  tags               = local.tags

  lifecycle {
    # One that moved in keeps its name.
    ignore_changes = [name, name_prefix]

    postcondition {
      condition = local.moved_in || !endswith(coalesce(self.name_prefix, "-"), "TaskExecutionRole")
      error_message = join(" ", [
        "The state has the service ${var.service_name} of a release up to 8.3.1, whose resources have other addresses: this plan would destroy it.",
        "To keep it, move it in as UPGRADING.md of this module says, or go back to the version before.",
      ])
    }
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role_policy_attachment" "execution_extra" {
  for_each = merge( # an execution_task_role_policy_arn of the same plan goes into execution_extra_policy
    var.execution_extra_policy,
    { for name, arn in { execution_task_role_policy_arn = var.execution_task_role_policy_arn } : name => arn if arn != null },
  )

  role       = aws_iam_role.execution.name
  policy_arn = each.value
}
