# Inputs of the published module, by its names, as far as the fixture sets them.

variable "service_name" {
  type = string
}

variable "environment" {
  type = string
}

variable "docker_image" {
  type = string
}

variable "lb_type" {
  type = string
}

variable "container_port" {
  type = number
}

variable "container_command" {
  type = list(string)
}

variable "container_healthcheck_command" {
  type = string
}

variable "load_balancer_subnets" {
  type = list(string)
}

variable "asg_subnets" {
  type = list(string)
}

variable "zone_id" {
  type = string
}

variable "dns_names" {
  type = list(string)
}

variable "assume_dns" {
  type    = bool
  default = true
}

variable "alarm_emails" {
  type = list(string)
}

variable "alb_ingress_cidr_blocks" {
  type    = list(string)
  default = ["0.0.0.0/0"]
}

variable "cloudwatch_log_group" {
  type    = string
  default = null
}

variable "cloudwatch_log_group_retention" {
  type = number
}

variable "enable_container_insights" {
  type = bool
}

variable "healthcheck_path" {
  type    = string
  default = "/index.html"
}

variable "healthcheck_interval" {
  type    = number
  default = 10
}

variable "task_desired_count" {
  type = number
}

variable "task_min_count" {
  type = number
}

variable "task_max_count" {
  type = number
}

variable "access_log_force_destroy" {
  type = bool
}

variable "extra_target_groups" {
  type = map(object({
    listener_port  = number
    container_port = number
    protocol       = optional(string, "HTTP")
    health_check = optional(object({
      path     = optional(string, "/")
      port     = optional(string, "traffic-port")
      matcher  = optional(string, "200-299")
      interval = optional(number, 30)
      timeout  = optional(number, 5)
    }), {})
  }))
}

variable "tags" {
  type = map(string)
}

variable "public_key" {
  type    = string
  default = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKSPDXxYfqeqbTS38XRmqAAZJb0ViqTquQczRGCqSUrY"
}
