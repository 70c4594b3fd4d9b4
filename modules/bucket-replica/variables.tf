variable "service_name" {
  description = "Name of the service whose bucket is replicated."
  type        = string
}

variable "source_bucket_name" {
  description = "Name of the bucket that is replicated; its versioning is on."
  type        = string
}

variable "source_bucket_arn" {
  description = "ARN of the bucket that is replicated."
  type        = string
}

variable "region" {
  description = "Region of the replica."
  type        = string
}

variable "retention_days" {
  description = "Days after which the replica's objects are deleted."
  type        = number
  default     = 365
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}
