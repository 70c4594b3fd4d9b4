variable "min_size" {
  description = "Lowest number of instances that the caller asks for. Null: one a subnet."
  type        = number
  default     = null
}

variable "max_size" {
  description = "Highest number of instances that the caller asks for. Null: what task_max_count needs."
  type        = number
  default     = null
}

variable "subnet_count" {
  description = "Number of subnets in which the instances run."
  type        = number
}

variable "instance_vcpus" {
  description = "Number of vCPUs of the instance type."
  type        = number
}

variable "instance_memory" {
  description = "Memory of the instance type in MiB."
  type        = number
}

variable "instance_gpus" {
  description = "Number of GPUs of the instance type."
  type        = number
  default     = 0
}

variable "task_max_count" {
  description = "Highest number of tasks of the service."
  type        = number
}

variable "task_cpu" {
  description = "CPU units of a task."
  type        = number
}

variable "task_memory" {
  description = "Memory in MiB that the scheduler sets aside for a task."
  type        = number
}

variable "task_gpus" {
  description = "Number of GPUs of a task."
  type        = number
  default     = 0
}

variable "daemon_memory" {
  description = "Memory in MiB of the daemons that run on every instance."
  type        = number
  default     = 0
}

variable "fixed_host_ports" {
  description = "Whether tasks have a host port that is fixed, so that no two can share an instance."
  type        = bool
  default     = false
}

variable "task_count" {
  description = "Number of tasks that the service has at least; it counts with fixed_host_ports."
  type        = number
  default     = 1
}

variable "minimum_healthy_percent" {
  description = "Share of task_count, in percent, that stays during a deployment; it counts with fixed_host_ports."
  type        = number
  default     = 100
}
