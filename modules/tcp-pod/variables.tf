variable "service_name" {
  description = "Name of the service behind the load balancer."
  type        = string
}

variable "load_balancer_name" {
  description = "Name of the load balancer, at most 32 characters."
  type        = string
}

variable "target_group_name" {
  description = "Name of the target group, at most 32 characters."
  type        = string
}

variable "vpc_id" {
  description = "Id of the VPC of the subnets."
  type        = string
}

variable "subnets" {
  description = "Ids of the load balancer's subnets."
  type        = list(string)
}

variable "internal" {
  description = "Whether the load balancer has private addresses only."
  type        = bool
}

variable "backend_security_group_id" {
  description = "Security group of the instances, to whose dynamic host ports the load balancer connects."
  type        = string
}

variable "target_port" {
  description = "Port of the container."
  type        = number
}

variable "health_check" {
  description = "Health check of the target group, in seconds."
  type = object({
    interval = number
    timeout  = number
  })
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}
