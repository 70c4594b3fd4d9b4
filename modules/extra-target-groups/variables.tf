# The type is that of the root module's extra_target_groups, with its defaults.
variable "entries" {
  description = "The caller's extra_target_groups."
  type = map(object({
    listener_port                 = number
    container_port                = number
    host_port                     = optional(number)
    protocol                      = optional(string, "HTTP")
    protocol_version              = optional(string)
    listener_protocol             = optional(string)
    certificate_arn               = optional(string)
    ingress_cidr_blocks           = optional(list(string))
    ingress_ipv6_cidr_blocks      = optional(list(string))
    ingress_security_group_ids    = optional(list(string))
    deregistration_delay          = optional(number)
    slow_start                    = optional(number)
    load_balancing_algorithm_type = optional(string)
    stickiness = optional(object({
      enabled         = optional(bool, true)
      type            = optional(string)
      cookie_duration = optional(number)
      cookie_name     = optional(string)
    }))
    health_check = optional(object({
      path                = optional(string)
      port                = optional(string, "traffic-port")
      matcher             = optional(string)
      interval            = optional(number, 30)
      timeout             = optional(number, 5)
      healthy_threshold   = optional(number, 2)
      unhealthy_threshold = optional(number, 3)
    }), {})
  }))
  nullable = false
}

variable "lb_type" {
  description = "Type of the load balancer: alb or nlb."
  type        = string
}

variable "primary_listener_ports" {
  description = "Ports that the load balancer's own listeners use."
  type        = list(number)
}

variable "primary_container_port" {
  description = "Port of the container, by TCP, that the load balancer's own listener leads to."
  type        = number
}

variable "primary_stickiness" {
  description = "The caller's stickiness, of the primary target group."
  type = object({
    enabled         = optional(bool, true)
    type            = optional(string)
    cookie_duration = optional(number)
    cookie_name     = optional(string)
  })
  default  = {}
  nullable = false
}

variable "ingress_cidr_blocks" {
  description = "IPv4 networks that may reach a listener whose entry does not say who may."
  type        = list(string)
}

variable "region" {
  description = "Region of the load balancer."
  type        = string
}
