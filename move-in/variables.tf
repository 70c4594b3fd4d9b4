variable "state" {
  description = "Path of the output of `terraform show -json`, made before the module's version changes."
  type        = string
}

variable "module" {
  description = "Address of the module in the configuration, such as `module.tempo`. All of its instances move at the same time."
  type        = string

  validation {
    condition = can(regex("^module\\.[A-Za-z_][A-Za-z0-9_-]*(\\.module\\.[A-Za-z_][A-Za-z0-9_-]*)*$", var.module))
    error_message = join(" ", [
      "module must be the address of a module call, such as module.tempo or module.apps.module.tempo, not ${var.module}.",
      "Leave keys and indexes out: a removed block can't name one, so all instances move at the same time.",
    ])
  }
}

variable "zone_name" {
  description = "Name of the zone of the host names. Null: as the state knows it."
  type        = string
  default     = null
}

variable "ingress_cidr_block" {
  description = "On an NLB: one of alb_ingress_cidr_blocks, whose rule the predecessor's rule for the primary listener becomes."
  type        = string
  default     = "0.0.0.0/0"
}

variable "give_up" {
  description = "Addresses of objects that the table does not know, and that the plan may destroy."
  type        = list(string)
  default     = []
}
