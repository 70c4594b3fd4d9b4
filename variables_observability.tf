# Logs, alarms and metrics.

variable "alarm_emails" {
  description = "E-mail addresses that are told of alarms. Each gets a message from AWS to confirm the subscription."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "alarm_emails holds what is no e-mail address: ${join(", ", [for address in var.alarm_emails : "\"${address}\"" if !can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])}."
  }
}

variable "enable_cloudwatch_logs" {
  description = "Whether the container's output goes to a CloudWatch log group."
  type        = bool
  default     = true
  nullable    = false
}

variable "cloudwatch_log_group" {
  description = "Name of the log group that the module makes. Null: /ecs/<environment>/<service_name>."
  type        = string
  default     = null

  validation {
    condition     = var.cloudwatch_log_group == null ? true : can(regex("^[A-Za-z0-9_/.#-]{1,500}$", var.cloudwatch_log_group))
    error_message = "cloudwatch_log_group \"${coalesce(var.cloudwatch_log_group, "null")}\" is no log group name: letters, digits and _ / . # - only."
  }
}

variable "cloudwatch_log_group_retention" {
  description = "Days for which logs are kept; 0 keeps them for ever."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition = contains(
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.cloudwatch_log_group_retention
    )
    error_message = "cloudwatch_log_group_retention ${var.cloudwatch_log_group_retention} is no retention that CloudWatch Logs knows: 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "cloudwatch_log_kms_key_id" {
  description = "ARN of the KMS key that encrypts the log groups, in the same region. Null: CloudWatch's own encryption."
  type        = string
  default     = null

  validation {
    condition     = var.cloudwatch_log_kms_key_id == null ? true : can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.cloudwatch_log_kms_key_id))
    error_message = "cloudwatch_log_kms_key_id \"${coalesce(var.cloudwatch_log_kms_key_id, "null")}\" is no ARN of a KMS key."
  }
}

variable "enable_container_insights" {
  description = "Whether the cluster reports Container Insights metrics."
  type        = bool
  default     = false
  nullable    = false
}
