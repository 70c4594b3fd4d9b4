# The EC2 instances that run the tasks.

variable "asg_subnets" {
  description = "Ids of the subnets in which the instances run. They need a way out: to the image registry and to ECS."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.asg_subnets) > 0
    error_message = "asg_subnets is empty: give the id of at least one subnet."
  }
}

variable "asg_instance_type" {
  description = "Type of the instances. Its architecture picks the ECS-optimized image: x86_64 or arm64."
  type        = string
  default     = "t3.micro"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.asg_instance_type))
    error_message = "asg_instance_type \"${var.asg_instance_type}\" is no instance type, such as t3.micro."
  }
}

variable "asg_min_size" {
  description = "Lowest number of instances. Null: one a subnet of asg_subnets."
  type        = number
  default     = null

  validation {
    condition     = var.asg_min_size == null ? true : var.asg_min_size >= 0 && floor(var.asg_min_size) == var.asg_min_size
    error_message = "asg_min_size ${coalesce(var.asg_min_size, 0)} must be a whole number, not negative."
  }
}

variable "asg_max_size" {
  description = "Highest number of instances. Null: as many as task_max_count tasks need, and at least one more than the lowest."
  type        = number
  default     = null

  validation {
    condition     = var.asg_max_size == null ? true : var.asg_max_size >= 1 && floor(var.asg_max_size) == var.asg_max_size
    error_message = "asg_max_size ${coalesce(var.asg_max_size, 0)} must be a whole number, at least 1."
  }
}

variable "asg_health_check_grace_period" {
  description = "Seconds after an instance's start in which its failing health checks don't replace it."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.asg_health_check_grace_period >= 0
    error_message = "asg_health_check_grace_period ${var.asg_health_check_grace_period} must not be negative."
  }
}

variable "on_demand_base_capacity" {
  description = "Number of on-demand instances; all above it are Spot instances. Null: on-demand only."
  type        = number
  default     = null

  validation {
    condition     = var.on_demand_base_capacity == null ? true : var.on_demand_base_capacity >= 0 && floor(var.on_demand_base_capacity) == var.on_demand_base_capacity
    error_message = "on_demand_base_capacity ${coalesce(var.on_demand_base_capacity, 0)} must be a whole number, not negative."
  }
}

variable "ami_id" {
  description = "Image of the instances. Null: the recommended ECS-optimized Amazon Linux 2023 for the instance type's architecture."
  type        = string
  default     = null

  validation {
    condition     = var.ami_id == null ? true : can(regex("^ami-[0-9a-f]+$", var.ami_id))
    error_message = "ami_id \"${coalesce(var.ami_id, "null")}\" is no image id, such as ami-0123456789abcdef0."
  }
}

variable "root_volume_size" {
  description = "Size of an instance's encrypted root volume in GiB. The ECS-optimized image needs 30."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.root_volume_size >= 1 && floor(var.root_volume_size) == var.root_volume_size
    error_message = "root_volume_size ${var.root_volume_size} must be a whole number of GiB."
  }
}

variable "managed_draining" {
  description = "Whether ECS moves the tasks away before an instance is terminated."
  type        = bool
  default     = true
  nullable    = false
}

variable "managed_termination_protection" {
  description = "Whether scaling in spares instances that run tasks."
  type        = bool
  default     = true
  nullable    = false
}

variable "extra_instance_profile_permissions" {
  description = "JSON of an IAM policy that the instances' role gets beside what ECS needs."
  type        = string
  default     = null

  validation {
    condition     = var.extra_instance_profile_permissions == null ? true : can(jsondecode(var.extra_instance_profile_permissions).Statement)
    error_message = "extra_instance_profile_permissions is no JSON policy with a Statement: give the json of a data aws_iam_policy_document."
  }
}

variable "ssh_key_name" {
  description = "Name of an EC2 key pair for SSH. Null: no key; Session Manager is the way in."
  type        = string
  default     = null
}

variable "ssh_cidr_block" {
  description = "IPv4 network that may reach the instances by SSH. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_cidr_block == null ? true : can(cidrhost(var.ssh_cidr_block, 0)) && !strcontains(var.ssh_cidr_block, ":")
    error_message = "ssh_cidr_block \"${coalesce(var.ssh_cidr_block, "null")}\" is no IPv4 network, such as 10.0.0.0/8."
  }
}

variable "cloudinit_extra_commands" {
  description = "Shell commands that cloud-init runs on an instance's first boot."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "extra_files" {
  description = "Files that cloud-init writes on an instance's first boot; permissions are octal, such as 0644."
  type = list(object({
    content     = string
    path        = string
    permissions = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for file in var.extra_files : startswith(file.path, "/") && can(regex("^[0-7]{3,4}$", file.permissions))])
    error_message = "extra_files needs absolute paths and octal permissions, not ${join(", ", [for file in var.extra_files : "${file.path} (${file.permissions})" if !startswith(file.path, "/") || !can(regex("^[0-7]{3,4}$", file.permissions))])}."
  }
}

variable "ecs_log_level" {
  description = "Level of the ECS agent's log: debug, info, warn, error or crit."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["debug", "info", "warn", "error", "crit"], var.ecs_log_level)
    error_message = "ecs_log_level \"${var.ecs_log_level}\" is unknown: give debug, info, warn, error or crit."
  }
}

variable "gpu_capacity_reservation_id" {
  description = "EC2 capacity reservation in which the instances with GPUs run. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.gpu_capacity_reservation_id == null ? true : startswith(var.gpu_capacity_reservation_id, "cr-")
    error_message = "gpu_capacity_reservation_id \"${coalesce(var.gpu_capacity_reservation_id, "null")}\" is no capacity reservation: its id begins with cr-."
  }
}

variable "users" {
  description = "Users that cloud-init makes on the instances: a list as in cloud-init's users section. Null: its default user."
  type        = any
  default     = null

  validation {
    condition     = var.users == null ? true : try(alltrue([for user in var.users : can(user.name) || user == "default"]), false)
    error_message = "users must be a list of objects, each with a name, or \"default\", as in cloud-init's users section."
  }
}
