variable "service_name" {
  description = "Name of the service whose load balancer writes the logs."
  type        = string
}

variable "force_destroy" {
  description = "Whether the bucket is deleted with the logs in it."
  type        = bool
}

variable "retention_days" {
  description = "Days after which logs are deleted."
  type        = number
  default     = 365
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
}
