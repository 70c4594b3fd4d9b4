# What belongs to the application, not to the module.

data "aws_iam_policy_document" "app_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "app" {
  name_prefix        = "${substr(var.service_name, 0, 30)}-"
  assume_role_policy = data.aws_iam_policy_document.app_assume.json
}

data "aws_iam_policy_document" "extra" {
  statement {
    actions   = ["ssm:GetParameters"]
    resources = [aws_ssm_parameter.api_token.arn]
  }
}

resource "aws_iam_policy" "extra" {
  name_prefix = "${var.service_name}-extra-"
  policy      = data.aws_iam_policy_document.extra.json
}

# Secrets. Their values are in the state: these are worth nothing.

resource "aws_secretsmanager_secret" "database" {
  name_prefix             = "${var.service_name}-database-"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id     = aws_secretsmanager_secret.database.id
  secret_string = jsonencode({ password = local.secrets.database_password })
}

resource "aws_ssm_parameter" "api_token" {
  name  = "/${var.service_name}/api-token"
  type  = "SecureString"
  value = local.secrets.api_token
}

# The key of the log groups.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "logs_key" {
  statement {
    sid       = "Administer"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid       = "EncryptLogs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.${data.aws_partition.current.dns_suffix}"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        for group in ["${local.log_group}*", "/aws/ecs/containerinsights/${var.service_name}/performance"] :
        "arn:${data.aws_partition.current.partition}:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:${group}"
      ]
    }
  }
}

resource "aws_kms_key" "logs" {
  description             = "Log groups of ${var.service_name}"
  policy                  = data.aws_iam_policy_document.logs_key.json
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

# A file system that the tasks of all instances share.

resource "aws_efs_file_system" "shared" {
  encrypted = true
  tags      = { Name = var.service_name }
}

locals {
  # The keys are known before the subnets are.
  mount_target_subnets = { for index, id in var.subnet_private_ids : tostring(index) => id }
}

resource "aws_efs_mount_target" "shared" {
  for_each = local.mount_target_subnets

  file_system_id  = aws_efs_file_system.shared.id
  subnet_id       = each.value
  security_groups = [aws_security_group.shared.id]
}

data "aws_subnet" "private" {
  id = var.subnet_private_ids[0]
}

resource "aws_security_group" "shared" {
  name_prefix = "${var.service_name}-shared-"
  description = "File system of the application"
  vpc_id      = data.aws_subnet.private.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "shared" {
  security_group_id            = aws_security_group.shared.id
  description                  = "NFS from the instances"
  referenced_security_group_id = module.app.backend_security_group.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

# The file system once it can be mounted: tasks that come before that fail.
resource "terraform_data" "shared_file_system" {
  input = aws_efs_file_system.shared.id

  depends_on = [
    aws_efs_mount_target.shared,
    aws_vpc_security_group_ingress_rule.shared,
  ]
}

# The topic of those on call.

resource "aws_sns_topic" "on_call" {
  name_prefix = "${var.service_name}-on-call-"
}

data "aws_iam_policy_document" "on_call" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.on_call.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
  }
}

resource "aws_sns_topic_policy" "on_call" {
  arn    = aws_sns_topic.on_call.arn
  policy = data.aws_iam_policy_document.on_call.json
}
