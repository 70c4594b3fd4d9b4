variable "region" {
  description = "AWS region of the service."
  type        = string
}

variable "service_name" {
  description = "Name of the service, and of the private zone."
  type        = string
  default     = "private"
}

variable "with_service" {
  description = "Whether to declare the service, and not the zone alone."
  type        = bool
  default     = false
}

variable "subnet_public_ids" {
  description = "Subnets of the load balancer."
  type        = list(string)
}

variable "subnet_private_ids" {
  description = "Subnets of the instances; the zone is for their VPC."
  type        = list(string)
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
