variable "region" {
  description = "AWS region of what was left."
  type        = string
}

variable "role_arn" {
  description = "Role that Terraform acts as. Null: the caller's own identity."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}
