# A table over the access logs of an application load balancer, and a workgroup
# to query it with Athena. Partitions are days, which Athena works out from the
# objects' keys: no crawler runs.

locals {
  database_name = "${trim(substr(replace(lower(var.service_name), "/[^a-z0-9]+/", "_"), 0, 100), "_")}_access_logs"
  table_name    = "alb_access_logs"

  # The fields of a line as Elastic Load Balancing documents them, each with what
  # stands between it and the next one.
  fields = [
    { name = "type", type = "string", pattern = "([^ ]*) " },
    { name = "time", type = "string", pattern = "([^ ]*) " },
    { name = "elb", type = "string", pattern = "([^ ]*) " },
    { name = "client_ip", type = "string", pattern = "([^ ]*):" },
    { name = "client_port", type = "int", pattern = "([0-9]*) " },
    { name = "target_ip", type = "string", pattern = "([^ ]*)[:-]" },
    { name = "target_port", type = "int", pattern = "([0-9]*) " },
    { name = "request_processing_time", type = "double", pattern = "([-.0-9]*) " },
    { name = "target_processing_time", type = "double", pattern = "([-.0-9]*) " },
    { name = "response_processing_time", type = "double", pattern = "([-.0-9]*) " },
    { name = "elb_status_code", type = "int", pattern = "([-0-9]*) " },
    { name = "target_status_code", type = "string", pattern = "([-0-9]*) " },
    { name = "received_bytes", type = "bigint", pattern = "([-0-9]*) " },
    { name = "sent_bytes", type = "bigint", pattern = "([-0-9]*) " },
    { name = "request_verb", type = "string", pattern = "\"([^ ]*) " },
    { name = "request_url", type = "string", pattern = "(.*) " },
    { name = "request_proto", type = "string", pattern = "(- |[^ ]*)\" " },
    { name = "user_agent", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "ssl_cipher", type = "string", pattern = "([^ ]*) " },
    { name = "ssl_protocol", type = "string", pattern = "([^ ]*) " },
    { name = "target_group_arn", type = "string", pattern = "([^ ]*) " },
    { name = "trace_id", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "domain_name", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "chosen_cert_arn", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "matched_rule_priority", type = "string", pattern = "([^ ]*) " },
    { name = "request_creation_time", type = "string", pattern = "([^ ]*) " },
    { name = "actions_executed", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "redirect_url", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "error_reason", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "target_port_list", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "target_status_code_list", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "classification", type = "string", pattern = "\"([^\"]*)\" " },
    { name = "classification_reason", type = "string", pattern = "\"([^\"]*)\"" },
    # Fields that are added over time follow at the end.
    { name = "conn_trace_id", type = "string", pattern = " ?([^ ]*).*" },
  ]

  log_location = "s3://${var.bucket_name}/AWSLogs/${var.account_id}/elasticloadbalancing/${var.region}"
}

resource "aws_glue_catalog_database" "this" {
  name        = local.database_name
  description = "Access logs of the ECS service ${var.service_name}"
  tags        = var.tags
}

resource "aws_glue_catalog_table" "this" {
  name          = local.table_name
  database_name = aws_glue_catalog_database.this.name
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    EXTERNAL                       = "TRUE"
    "projection.enabled"           = "true"
    "projection.day.type"          = "date"
    "projection.day.format"        = "yyyy/MM/dd"
    "projection.day.range"         = "2024/01/01,NOW"
    "projection.day.interval"      = "1"
    "projection.day.interval.unit" = "DAYS"
    "storage.location.template"    = "${local.log_location}/$${day}"
  }

  partition_keys {
    name = "day"
    type = "string"
  }

  storage_descriptor {
    location      = local.log_location
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.RegexSerDe"
      parameters = {
        "serialization.format" = "1"
        "input.regex"          = join("", local.fields[*].pattern)
      }
    }

    dynamic "columns" {
      for_each = local.fields

      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }

  # A database takes its tables along, and its successor has the same name.
  lifecycle {
    replace_triggered_by = [aws_glue_catalog_database.this.id]
  }
}

# Whoever may query the logs owns the results too: a key of their own would
# protect copies better than the original.
#tfsec:ignore:aws-s3-encryption-customer-key
#trivy:ignore:avd-aws-0132
resource "aws_s3_bucket_server_side_encryption_configuration" "results" {
  bucket = aws_s3_bucket.results.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# Results can be had again by the same query, so old versions are not kept.
#tfsec:ignore:aws-s3-enable-versioning
#trivy:ignore:avd-aws-0090
resource "aws_s3_bucket" "results" {
  # S3 keeps some prefixes to itself.
  bucket_prefix = replace("${trim(substr(replace(lower(var.service_name), "/[^a-z0-9]+/", "-"), 0, 22), "-")}-log-queries-", "/^(sthree|amzn-s3-demo)-/", "s3-")
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "results" {
  bucket                  = aws_s3_bucket.results.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "results" {
  bucket = aws_s3_bucket.results.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = 30
    }
  }
}

data "aws_iam_policy_document" "results" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.results.arn, "${aws_s3_bucket.results.arn}/*"]

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

resource "aws_s3_bucket_policy" "results" {
  bucket = aws_s3_bucket.results.id
  policy = data.aws_iam_policy_document.results.json

  # S3 refuses two changes of a bucket's access settings at the same time.
  depends_on = [aws_s3_bucket_public_access_block.results]
}

resource "aws_athena_workgroup" "this" {
  name          = "${var.service_name}-access-logs"
  description   = "Queries of the access logs of the ECS service ${var.service_name}"
  force_destroy = var.force_destroy
  tags          = var.tags

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true

    result_configuration {
      output_location = "s3://${aws_s3_bucket.results.id}/results/"

      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}
