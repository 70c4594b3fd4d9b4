# The bucket of a load balancer's access logs: versioned, encrypted, private,
# over TLS only.

data "aws_caller_identity" "current" {}

locals {
  # Terraform appends 26 characters, a replica eight more, and a name has at most 63.
  # S3 keeps some prefixes to itself:
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  safe_name     = trim(substr(replace(lower(var.service_name), "/[^a-z0-9]+/", "-"), 0, 17), "-")
  bucket_prefix = replace("${local.safe_name}-access-log-", "/^(sthree|amzn-s3-demo)-/", "s3-")
}

resource "aws_s3_bucket" "this" {
  bucket_prefix = local.bucket_prefix
  force_destroy = var.force_destroy
  tags          = var.tags

  # One that moved in keeps its name.
  lifecycle {
    ignore_changes = [bucket, bucket_prefix]
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Elastic Load Balancing delivers access logs to buckets encrypted with
# Amazon S3 managed keys (SSE-S3) only; it does not support KMS keys.
#tfsec:ignore:aws-s3-encryption-customer-key
#trivy:ignore:avd-aws-0132
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # A rule for noncurrent versions wants versioning to be on.
  depends_on = [aws_s3_bucket_versioning.this]
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "LogDelivery"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this.arn}/AWSLogs/${data.aws_caller_identity.current.account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  # S3 refuses two changes of a bucket's access settings at the same time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}
