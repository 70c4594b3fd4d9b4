# A replica of a bucket in another region. The module's provider works in one
# region only, and a caller would have to pass one more for a rarely used input;
# so a CloudFormation stack set makes the bucket over there.

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  # The name must be known on both sides before the bucket is there. Buckets share
  # one name space, so the source's name, which Terraform made unique, is in it.
  bucket_name    = "${substr(var.source_bucket_name, 0, 55)}-replica"
  bucket_arn     = "arn:${data.aws_partition.current.partition}:s3:::${local.bucket_name}"
  iam_prefix     = "${substr(var.service_name, 0, 28)}-replica-"
  execution_name = aws_iam_role.execution.name

  template = {
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "Replica of the access logs of the ECS service ${var.service_name}"
    Resources = {
      Bucket = {
        Type           = "AWS::S3::Bucket"
        DeletionPolicy = "Delete"
        Properties = {
          BucketName              = local.bucket_name
          VersioningConfiguration = { Status = "Enabled" }
          BucketEncryption = {
            ServerSideEncryptionConfiguration = [{ ServerSideEncryptionByDefault = { SSEAlgorithm = "AES256" } }]
          }
          PublicAccessBlockConfiguration = {
            BlockPublicAcls       = true
            BlockPublicPolicy     = true
            IgnorePublicAcls      = true
            RestrictPublicBuckets = true
          }
          LifecycleConfiguration = {
            Rules = [{
              Id                          = "expire"
              Status                      = "Enabled"
              ExpirationInDays            = var.retention_days
              NoncurrentVersionExpiration = { NoncurrentDays = 30 }
            }]
          }
        }
      }
      Policy = {
        Type = "AWS::S3::BucketPolicy"
        Properties = {
          Bucket = { Ref = "Bucket" }
          PolicyDocument = {
            Version = "2012-10-17"
            Statement = [{
              Sid       = "TlsOnly"
              Effect    = "Deny"
              Principal = "*"
              Action    = "s3:*"
              Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
              Condition = { Bool = { "aws:SecureTransport" = "false" } }
            }]
          }
        }
      }
    }
  }
}

# CloudFormation works in the other region through two roles: the first may only
# take the second, which may only care for the one bucket.
data "aws_iam_policy_document" "administration_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["cloudformation.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role" "administration" {
  name_prefix        = local.iam_prefix
  description        = "Makes the access log replica of the ECS service ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.administration_assume.json
  tags               = var.tags
}

data "aws_iam_policy_document" "administration" {
  statement {
    actions   = ["sts:AssumeRole"]
    resources = [aws_iam_role.execution.arn]
  }
}

resource "aws_iam_role_policy" "administration" {
  name   = "administration"
  role   = aws_iam_role.administration.name
  policy = data.aws_iam_policy_document.administration.json
}

data "aws_iam_policy_document" "execution_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.administration.arn]
    }
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = local.iam_prefix
  description        = "Owns the access log replica of the ECS service ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.execution_assume.json
  tags               = var.tags
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid = "Bucket"
    actions = [
      "s3:CreateBucket", "s3:DeleteBucket", "s3:GetBucket*", "s3:PutBucket*", "s3:DeleteBucketPolicy",
      "s3:*EncryptionConfiguration", "s3:*LifecycleConfiguration",
      "s3:TagResource", "s3:UntagResource", "s3:ListTagsForResource",
    ]
    resources = [local.bucket_arn]
  }

  # The stack that stands for the bucket, and the notices about it.
  statement {
    sid       = "Stack"
    actions   = ["cloudformation:*"]
    resources = ["arn:${data.aws_partition.current.partition}:cloudformation:${var.region}:${local.account_id}:stack/StackSet-*"]
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "execution"
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_cloudformation_stack_set" "this" {
  # Its name begins with a letter and has no underscores.
  name                    = "access-log-replica-${replace(var.service_name, "_", "-")}"
  description             = "Replica of the access logs of the ECS service ${var.service_name}"
  permission_model        = "SELF_MANAGED"
  administration_role_arn = aws_iam_role.administration.arn
  execution_role_name     = local.execution_name
  template_body           = jsonencode(local.template)
  tags                    = var.tags

  # The roles must be able to delete what they made.
  depends_on = [aws_iam_role_policy.administration, aws_iam_role_policy.execution]
}

resource "aws_cloudformation_stack_instances" "this" {
  stack_set_name = aws_cloudformation_stack_set.this.name
  accounts       = [local.account_id]
  regions        = [var.region]
}

# Replication itself: S3 reads here and writes there.
data "aws_iam_policy_document" "replication_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role" "replication" {
  name_prefix        = local.iam_prefix
  description        = "Replicates the access logs of the ECS service ${var.service_name}"
  assume_role_policy = data.aws_iam_policy_document.replication_assume.json
  tags               = var.tags
}

data "aws_iam_policy_document" "replication" {
  statement {
    sid       = "List"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [var.source_bucket_arn]
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = ["${var.source_bucket_arn}/*"]
  }

  statement {
    sid       = "Write"
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    resources = ["${local.bucket_arn}/*"]
  }
}

resource "aws_iam_role_policy" "replication" {
  name   = "replication"
  role   = aws_iam_role.replication.name
  policy = data.aws_iam_policy_document.replication.json
}

resource "aws_s3_bucket_replication_configuration" "this" {
  bucket = var.source_bucket_name
  role   = aws_iam_role.replication.arn

  rule {
    id     = "all"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    destination {
      bucket        = local.bucket_arn
      storage_class = "STANDARD_IA"
    }
  }

  depends_on = [aws_cloudformation_stack_instances.this, aws_iam_role_policy.replication]
}
