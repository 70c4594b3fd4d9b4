variable "region" {
  description = "AWS region of the provider; zones have none."
  type        = string
}

variable "parent_zone_name" {
  description = "Name of a public zone that exists."
  type        = string
}

variable "subdomain" {
  description = "Label of the new zone under its parent."
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
