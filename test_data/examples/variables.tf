variable "region" {
  description = "AWS region of the services."
  type        = string
}

variable "zone_id" {
  description = "Id of the Route 53 zone of the host names."
  type        = string
}

variable "certificate_name" {
  description = "Name in the zone for which the certificate of the NLB is."
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
