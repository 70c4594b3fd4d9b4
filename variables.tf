# The service and its container. Variables of one subject have a file of their
# own: variables_load_balancer.tf, variables_extra_target_groups.tf,
# variables_instances.tf, variables_observability.tf.

variable "service_name" {
  description = "Name of the ECS service. The cluster, the container and all other resources are named after it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9]([A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$", var.service_name))
    error_message = "service_name \"${var.service_name}\" can't make valid resource names: give 1 to 100 letters, digits, hyphens or underscores, a letter or digit at both ends."
  }
}

variable "environment" {
  description = "Name of the environment, such as development or production. It is a tag of every resource and part of the log group's name."
  type        = string
  default     = "development"
  nullable    = false
}

variable "docker_image" {
  description = "Container image that the service runs, with its tag or digest."
  type        = string
  nullable    = false

  validation {
    condition     = length(trimspace(var.docker_image)) > 0
    error_message = "docker_image is empty: give an image, such as public.ecr.aws/docker/library/httpd:2.4."
  }
}

variable "container_port" {
  description = "TCP port on which the container serves the primary listener."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535 && floor(var.container_port) == var.container_port
    error_message = "container_port ${var.container_port} is no port: give a whole number from 1 to 65535."
  }
}

variable "container_command" {
  description = "Command of the container. Null keeps the one of the image."
  type        = list(string)
  default     = null
}

variable "container_cpu" {
  description = "CPU units of the container; 1024 units are one vCPU."
  type        = number
  default     = 200
  nullable    = false

  validation {
    condition     = var.container_cpu >= 1 && floor(var.container_cpu) == var.container_cpu
    error_message = "container_cpu ${var.container_cpu} must be a whole number of CPU units, at least 1 (1024 units are one vCPU)."
  }
}

variable "container_memory" {
  description = "Memory in MiB above which the container is killed."
  type        = number
  default     = 128
  nullable    = false

  validation {
    condition     = var.container_memory >= 6 && floor(var.container_memory) == var.container_memory
    error_message = "container_memory ${var.container_memory} must be a whole number of MiB, at least 6."
  }
}

variable "container_memory_reservation" {
  description = "Memory in MiB that the scheduler sets aside for the container. Null reserves container_memory."
  type        = number
  default     = null

  validation {
    condition     = var.container_memory_reservation == null ? true : var.container_memory_reservation >= 6 && floor(var.container_memory_reservation) == var.container_memory_reservation
    error_message = "container_memory_reservation ${coalesce(var.container_memory_reservation, 0)} must be a whole number of MiB, at least 6."
  }
}

variable "container_healthcheck_command" {
  description = "Shell command that tells, inside the container, whether it is healthy. It must exist in the image. Null: only the load balancer checks."
  type        = string
  default     = "curl -f http://localhost/ || exit 1"
}

variable "task_environment_variables" {
  description = "Environment variables of the container."
  type = list(object({
    name  = string
    value = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(distinct(var.task_environment_variables[*].name)) == length(var.task_environment_variables)
    error_message = "task_environment_variables names a variable twice: ${join(", ", distinct([for e in var.task_environment_variables : e.name if length([for o in var.task_environment_variables : o if o.name == e.name]) > 1]))}."
  }
}

variable "task_secrets" {
  description = "Environment variables whose values ECS reads from Secrets Manager or the SSM Parameter Store: valueFrom is the secret's or parameter's ARN."
  type = list(object({
    name      = string
    valueFrom = string
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue([
      for s in var.task_secrets : can(regex("^arn:[^:]+:(secretsmanager|ssm):", s.valueFrom))
    ])
    error_message = "task_secrets needs the ARN of a secret or parameter as valueFrom, not ${join(", ", [for s in var.task_secrets : "${s.name} = \"${s.valueFrom}\"" if !can(regex("^arn:[^:]+:(secretsmanager|ssm):", s.valueFrom))])}."
  }
}

variable "task_role_arn" {
  description = "ARN of the IAM role that the container's code acts as. Null: it has no role."
  type        = string
  default     = null

  validation {
    condition     = var.task_role_arn == null ? true : can(regex("^arn:[^:]+:iam::[0-9]{12}:role/", var.task_role_arn))
    error_message = "task_role_arn \"${coalesce(var.task_role_arn, "null")}\" is no ARN of a role."
  }
}

variable "execution_extra_policy" {
  description = "Further policies of the task execution role: a name of your choice to the policy's ARN."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "task_desired_count" {
  description = "Number of tasks the service starts with. Auto scaling changes it from then on."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.task_desired_count >= 0 && floor(var.task_desired_count) == var.task_desired_count
    error_message = "task_desired_count ${var.task_desired_count} must be a whole number, not negative."
  }
}

variable "task_min_count" {
  description = "Lowest number of tasks that auto scaling goes down to."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.task_min_count >= 0 && floor(var.task_min_count) == var.task_min_count
    error_message = "task_min_count ${var.task_min_count} must be a whole number, not negative."
  }
}

variable "task_max_count" {
  description = "Highest number of tasks that auto scaling goes up to."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.task_max_count >= 1 && floor(var.task_max_count) == var.task_max_count
    error_message = "task_max_count ${var.task_max_count} must be a whole number, at least 1."
  }
}

variable "autoscaling_metric" {
  description = "Metric that auto scaling holds at its target: ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization or ALBRequestCountPerTarget."
  type        = string
  default     = "ECSServiceAverageCPUUtilization"
  nullable    = false

  validation {
    condition     = contains(["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget"], var.autoscaling_metric)
    error_message = "autoscaling_metric \"${var.autoscaling_metric}\" is unknown: give ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization or ALBRequestCountPerTarget."
  }
}

variable "autoscaling_target" {
  description = "Value at which auto scaling holds autoscaling_metric. Null means autoscaling_target_cpu_usage, which fits the CPU metric only."
  type        = number
  default     = null

  validation {
    condition     = var.autoscaling_target == null ? true : var.autoscaling_target > 0
    error_message = "autoscaling_target ${coalesce(var.autoscaling_target, 0)} must be above 0."
  }
}

variable "autoscaling_target_cpu_usage" {
  description = "CPU utilisation, in percent, at which auto scaling holds the service when autoscaling_target is null."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.autoscaling_target_cpu_usage > 0 && var.autoscaling_target_cpu_usage <= 100
    error_message = "autoscaling_target_cpu_usage ${var.autoscaling_target_cpu_usage} must be a percentage: above 0 and at most 100."
  }
}

variable "deployment_minimum_healthy_percent" {
  description = "Share of the desired tasks, in percent, that stays healthy during a deployment."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.deployment_minimum_healthy_percent >= 0 && floor(var.deployment_minimum_healthy_percent) == var.deployment_minimum_healthy_percent
    error_message = "deployment_minimum_healthy_percent ${var.deployment_minimum_healthy_percent} must be a whole number, not negative."
  }
}

variable "deployment_maximum_percent" {
  description = "Share of the desired tasks, in percent, that may run during a deployment."
  type        = number
  default     = 200
  nullable    = false

  validation {
    condition     = var.deployment_maximum_percent >= 1 && floor(var.deployment_maximum_percent) == var.deployment_maximum_percent
    error_message = "deployment_maximum_percent ${var.deployment_maximum_percent} must be a whole number, at least 1."
  }
}

variable "enable_deployment_circuit_breaker" {
  description = "Whether a deployment whose tasks keep failing is stopped and rolled back."
  type        = bool
  default     = true
  nullable    = false
}

variable "service_health_check_grace_period_seconds" {
  description = "Seconds after a task's start in which failing load balancer health checks don't stop it. Null: none."
  type        = number
  default     = null

  validation {
    condition     = var.service_health_check_grace_period_seconds == null ? true : var.service_health_check_grace_period_seconds >= 0 && var.service_health_check_grace_period_seconds <= 2147483647
    error_message = "service_health_check_grace_period_seconds ${coalesce(var.service_health_check_grace_period_seconds, 0)} must not be negative."
  }
}

variable "tags" {
  description = "Tags of every resource that the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "upstream_module" {
  description = "Name of the module that calls this one; it becomes the tag upstream_module."
  type        = string
  default     = null
}

variable "execution_task_role_policy_arn" {
  description = "ARN of one more policy of the task execution role. Null: none. A policy that is made in the same plan goes into execution_extra_policy."
  type        = string
  default     = null
}

variable "task_efs_volumes" {
  description = "EFS file systems that the container mounts: a volume name to the file system and the path in the container."
  type = map(object({
    file_system_id = string
    container_path = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for volume in var.task_efs_volumes : startswith(volume.container_path, "/")])
    error_message = "task_efs_volumes needs absolute paths: ${join(", ", [for name, volume in var.task_efs_volumes : "\"${name}\" has \"${volume.container_path}\"" if !startswith(volume.container_path, "/")])}."
  }
}

variable "task_local_volumes" {
  description = "Directories of the instance that the container mounts: a volume name to the path on the instance and the path in the container."
  type = map(object({
    host_path      = string
    container_path = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for volume in var.task_local_volumes : startswith(volume.container_path, "/") && startswith(volume.host_path, "/")])
    error_message = "task_local_volumes needs absolute paths: ${join(", ", [for name, volume in var.task_local_volumes : "\"${name}\" has \"${volume.host_path}\" and \"${volume.container_path}\"" if !(startswith(volume.container_path, "/") && startswith(volume.host_path, "/"))])}."
  }
}

variable "task_ipc_mode" {
  description = "IPC namespace of the containers: host, task or none. Null: Docker's default."
  type        = string
  default     = null

  validation {
    condition     = contains(["host", "task", "none"], coalesce(var.task_ipc_mode, "none"))
    error_message = "task_ipc_mode \"${coalesce(var.task_ipc_mode, "null")}\" is unknown: give host, task or none."
  }
}

variable "dockerSecurityOptions" {
  description = "Docker security options of the container: no-new-privileges, label:... for SELinux, apparmor:... or credentialspec:... Null: none."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for option in coalesce(var.dockerSecurityOptions, []) : can(regex("^(no-new-privileges|label:.+|apparmor:.+|credentialspec:.+)$", option))])
    error_message = "dockerSecurityOptions holds what ECS does not know: ${join(", ", [for option in coalesce(var.dockerSecurityOptions, []) : "\"${option}\"" if !can(regex("^(no-new-privileges|label:.+|apparmor:.+|credentialspec:.+)$", option))])}."
  }
}

variable "gpu_count" {
  description = "Number of GPUs of the container. More than 0 needs an instance type with NVIDIA GPUs and takes the GPU image."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.gpu_count >= 0 && floor(var.gpu_count) == var.gpu_count
    error_message = "gpu_count ${var.gpu_count} must be a whole number, not negative."
  }
}

variable "gpu_autoscaling_target" {
  description = "GPU utilisation, in percent, at which auto scaling holds a service with GPUs, beside autoscaling_metric."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.gpu_autoscaling_target > 0 && var.gpu_autoscaling_target <= 100
    error_message = "gpu_autoscaling_target ${var.gpu_autoscaling_target} must be a percentage: above 0 and at most 100."
  }
}
