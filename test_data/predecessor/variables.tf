variable "region" {
  description = "AWS region of the service."
  type        = string
}

variable "service_name" {
  description = "Name of the service, and its host name in the zone."
  type        = string
  default     = "predecessor"
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

variable "lb_type" {
  description = "Kind of the load balancer: alb or nlb."
  type        = string
  default     = "alb"
}
