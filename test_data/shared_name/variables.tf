variable "region" {
  description = "AWS region of the service."
  type        = string
}

variable "service_name" {
  description = "Host name of the services in the zone, and what their names begin with."
  type        = string
  default     = "shared"
}

variable "zone_id" {
  description = "Id of the Route 53 zone of the host name."
  type        = string
}

variable "subnet_public_ids" {
  description = "Subnets of the load balancer."
  type        = list(string)
}

variable "subnet_private_ids" {
  description = "Subnets of the instances."
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

variable "services" {
  description = "The services: what tells them apart, and the kind of their load balancer."
  type        = map(string)
}
