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

variable "moved_in" {
  description = "Whether the service is one of the predecessor that moved in."
  type        = bool
}

variable "ingress_cidr_blocks" {
  description = "IPv4 networks that may reach the primary listener."
  type        = list(string)
}

variable "backend_security_group_id" {
  description = "Security group of the instances, to whose dynamic host ports the load balancer connects."
  type        = string
}

variable "extra_security_group_ids" {
  description = "Further security groups of the load balancer, which admit clients to listeners that others make."
  type        = list(string)
}

variable "target_port" {
  description = "Port of the container, and of the primary listener."
  type        = number
}

variable "deregistration_delay" {
  description = "Seconds for which a target that leaves may finish its requests."
  type        = number
}

variable "stickiness" {
  description = "What keeps a client at one target."
  type = object({
    enabled = bool
    type    = string
  })
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

variable "name_tag" {
  description = "Tag with the name of the security group; empty when tags have one, or the provider's default_tags."
  type        = map(string)
}
