variable "region" {
  description = "AWS region of the service."
  type        = string
}

variable "service_name" {
  description = "Name of the service, and its host name in the zone."
  type        = string
  default     = "lifecycle"
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

variable "container_port" {
  description = "Port of the primary listener's targets: 80, 8081 or 8082."
  type        = number
  default     = 80
}

variable "silent_port" {
  description = "Port on which the container does not listen: 0, or one of 8081 and 8082."
  type        = number
  default     = 0
}

variable "grace_period" {
  description = "Seconds in which failing health checks of the load balancer don't stop a task."
  type        = number
  default     = 60
}

variable "deployment_alarms" {
  description = "Alarms that fail a deployment."
  type        = object({ enable = optional(bool) })
  default     = null
}

variable "wait_for_steady_state" {
  description = "Whether an apply waits for the service."
  type        = bool
  default     = false
}

variable "extra_target_groups" {
  description = "The extra target groups, which the test changes. The container listens on 80, 8081 and 8082."
  type = map(object({
    listener_port    = number
    container_port   = number
    protocol         = optional(string, "HTTP")
    protocol_version = optional(string)
    clients          = optional(list(string), [])
  }))
  default = {}
}
