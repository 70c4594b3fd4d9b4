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

variable "sns_topic_arn" {
  description = "ARN of a topic of yours: it is told of alarms, beside alarm_emails, and of failed deployments, in their stead. It must let CloudWatch and EventBridge publish. Null: alarm_emails are told of both."
  type        = string
  default     = null

  validation {
    condition     = var.sns_topic_arn == null ? true : can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_.-]+$", var.sns_topic_arn))
    error_message = "sns_topic_arn \"${coalesce(var.sns_topic_arn, "null")}\" is no ARN of an SNS topic."
  }
}

variable "cloudwatch_agent_image" {
  description = "Image of the CloudWatch agent, which sends the instances' logs when enable_cloudwatch_logs is true."
  type        = string
  default     = "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300062.0b1304"
  nullable    = false
}

variable "cloudwatch_agent_extra_environment" {
  description = "Further environment variables of the CloudWatch agent."
  type = list(object({
    name  = string
    value = string
  }))
  default  = []
  nullable = false
}

variable "enable_vector_agent" {
  description = "Whether a Vector agent on every instance sends the containers' logs to vector_aggregator_endpoint, or where vector_agent_config says."
  type        = bool
  default     = false
  nullable    = false
}

variable "vector_agent_image" {
  description = "Image of the Vector agent; it needs a shell."
  type        = string
  default     = "timberio/vector:0.46.1-alpine"
  nullable    = false
}

variable "vector_agent_config" {
  description = "YAML configuration of the Vector agent. Null: one that sends the containers' logs to vector_aggregator_endpoint."
  type        = string
  default     = null

  validation {
    condition     = var.vector_agent_config == null ? true : can(yamldecode(var.vector_agent_config).sinks)
    error_message = "vector_agent_config is no YAML configuration of Vector: it needs sinks."
  }
}

variable "vector_aggregator_endpoint" {
  description = "Address of the Vector aggregator, host:port."
  type        = string
  default     = null

  validation {
    condition     = var.vector_aggregator_endpoint == null ? true : can(regex("^[^:/]+:[0-9]+$", var.vector_aggregator_endpoint))
    error_message = "vector_aggregator_endpoint \"${coalesce(var.vector_aggregator_endpoint, "null")}\" must be host:port."
  }
}

variable "vector_agent_exclude_containers" {
  description = "Containers whose logs the Vector agent leaves out, by the beginning of their names."
  type        = list(string)
  default     = ["ecs-agent"]
  nullable    = false
}

variable "vector_agent_task_policy_arns" {
  description = "Policies of the role that the Vector agent acts as."
  type        = list(string)
  default     = []
  nullable    = false
}
