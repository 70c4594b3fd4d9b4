# The inputs, by subject. A rule about one input is here; the others are in outputs.tf.

#-------------------------------------------------------------------------------
# Service
#-------------------------------------------------------------------------------

variable "service_name" {
  description = "Name of the ECS service. The cluster, the container and all other resources are named after it."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9]([A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$", var.service_name))
    error_message = join(" ", [
      "service_name must have 1 to 100 letters, digits, hyphens or underscores, and begin and end with a letter or digit,",
      "not \"${var.service_name}\".",
    ])
  }
}

variable "environment" {
  description = "Name of the environment, such as development or production. It is a tag of every resource and part of the log group's name."
  type        = string
  default     = "development"
  nullable    = false

  validation {
    condition     = length(trimspace(var.environment)) > 0
    error_message = "environment must not be empty: set a name, such as development."
  }
}

variable "tags" {
  description = <<-EOT
    Tags of every resource that the module makes. A key that the module sets too, such as service, environment or Name, in whatever case, is yours:
    with your spelling and value. The same goes for the provider's default_tags.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags must not have keys that differ only in case, which IAM takes for one: ${join(", ", keys(var.tags))}."
  }
}

variable "upstream_module" {
  description = "Name of the module that calls this one; it becomes the tag upstream_module."
  type        = string
  default     = null
}

#-------------------------------------------------------------------------------
# Container
#-------------------------------------------------------------------------------

variable "docker_image" {
  description = "Container image that the service runs, with its tag or digest."
  type        = string
  nullable    = false

  validation {
    condition     = length(trimspace(var.docker_image)) > 0
    error_message = "docker_image must not be empty: set an image, such as public.ecr.aws/docker/library/httpd:2.4."
  }
}

variable "container_port" {
  description = "TCP port on which the container serves the primary listener."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535 && floor(var.container_port) == var.container_port
    error_message = "container_port ${var.container_port} is not a valid port: it must be a whole number from 1 to 65535."
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
    condition     = try(max(floor(var.container_memory_reservation), 6) == var.container_memory_reservation, true)
    error_message = "container_memory_reservation ${coalesce(var.container_memory_reservation, 0)} must be a whole number of MiB, at least 6."
  }
}

variable "container_healthcheck_command" {
  description = <<-EOT
    Shell command that tells, inside the container, whether it is healthy. The image needs a shell and the command, and curl is in few images.
    Null: only the load balancer checks. A port of localhost that it asks must be a port of the container: the plan warns otherwise.
  EOT
  type        = string
  default     = "curl -f http://localhost/ || exit 1"

  validation {
    condition     = var.container_healthcheck_command == null ? true : length(trimspace(var.container_healthcheck_command)) > 0
    error_message = "container_healthcheck_command must not be empty: null leaves the checks to the load balancer."
  }
}

variable "container_healthcheck_interval" {
  description = "Seconds between two runs of container_healthcheck_command."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = floor(min(max(var.container_healthcheck_interval, 5), 300)) == var.container_healthcheck_interval
    error_message = "container_healthcheck_interval ${var.container_healthcheck_interval} must be a whole number of seconds from 5 to 300."
  }
}

variable "container_healthcheck_timeout" {
  description = "Seconds after which a run of container_healthcheck_command has failed."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = floor(min(max(var.container_healthcheck_timeout, 2), 60)) == var.container_healthcheck_timeout
    error_message = "container_healthcheck_timeout ${var.container_healthcheck_timeout} must be a whole number of seconds from 2 to 60."
  }
}

variable "task_environment_variables" {
  description = "Environment variables of the container. Those with a null or empty value are left out, as ECS does."
  type = list(object({
    name  = string
    value = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(distinct(var.task_environment_variables[*].name)) == length(var.task_environment_variables)
    error_message = "task_environment_variables must not repeat a name: ${jsonencode(var.task_environment_variables[*].name)}."
  }

  validation {
    condition     = alltrue([for variable in var.task_environment_variables : can(regex("^[^=]+$", variable.name))])
    error_message = "task_environment_variables must have names without =, not ${jsonencode(var.task_environment_variables[*].name)}."
  }
}

variable "task_secrets" {
  description = "Environment variables whose values ECS reads: valueFrom is the ARN of a secret of Secrets Manager, or the ARN or the name of an SSM parameter."
  type = list(object({
    name      = string
    valueFrom = string
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue([
      for secret in var.task_secrets :
      can(regex("^arn:[^:]+:(secretsmanager:[^:]+:[0-9]{12}:secret:|ssm:[^:]+:[0-9]{12}:parameter/).", secret.valueFrom))
      || can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", secret.valueFrom))
    ])
    error_message = join(" ", [
      "task_secrets must have as valueFrom the ARN of a secret, or the ARN or the name of a parameter, such as /app/password,",
      "not ${jsonencode(var.task_secrets[*].valueFrom)}.",
    ])
  }

  validation {
    condition     = alltrue([for secret in var.task_secrets : can(regex("^[^=]+$", secret.name))])
    error_message = "task_secrets must have names without =, not ${jsonencode(var.task_secrets[*].name)}."
  }
}

variable "task_role_arn" {
  description = "ARN of the IAM role that the container's code acts as. Null: it has no role."
  type        = string
  default     = null

  validation {
    condition     = var.task_role_arn == null ? true : can(regex("^arn:[^:]+:iam::[0-9]{12}:role/", var.task_role_arn))
    error_message = "task_role_arn ${jsonencode(var.task_role_arn)} is not a valid ARN of a role."
  }
}

variable "execution_extra_policy" {
  description = "Further policies of the task execution role: a name of your choice to the policy's ARN."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.execution_extra_policy) : can(regex("^arn:[^:]+:iam::", arn))])
    error_message = "execution_extra_policy must have ARNs of policies, not ${jsonencode(var.execution_extra_policy)}."
  }
}

variable "execution_task_role_policy_arn" {
  description = "ARN of one more policy of the task execution role. Null: none. A policy that is made in the same plan goes into execution_extra_policy."
  type        = string
  default     = null

  validation {
    condition     = var.execution_task_role_policy_arn == null ? true : can(regex("^arn:[^:]+:iam::", var.execution_task_role_policy_arn))
    error_message = "execution_task_role_policy_arn ${jsonencode(var.execution_task_role_policy_arn)} is not a valid ARN of a policy."
  }
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
    condition     = alltrue([for volume in var.task_efs_volumes : try(startswith(volume.container_path, "/"), false)])
    error_message = "task_efs_volumes must have absolute paths, not ${jsonencode(values(var.task_efs_volumes)[*].container_path)}."
  }

  validation {
    condition     = alltrue([for name in keys(var.task_efs_volumes) : can(regex("^[A-Za-z0-9_-]{1,255}$", name))])
    error_message = "task_efs_volumes must have names of letters, digits, hyphens and underscores, not ${jsonencode(keys(var.task_efs_volumes))}."
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
    condition     = alltrue([for volume in var.task_local_volumes : try(startswith(volume.container_path, "/") && startswith(volume.host_path, "/"), false)])
    error_message = "task_local_volumes must have absolute paths, not ${jsonencode(var.task_local_volumes)}."
  }

  validation {
    condition     = alltrue([for name in keys(var.task_local_volumes) : can(regex("^[A-Za-z0-9_-]{1,255}$", name))])
    error_message = "task_local_volumes must have names of letters, digits, hyphens and underscores, not ${jsonencode(keys(var.task_local_volumes))}."
  }
}

variable "task_ipc_mode" {
  description = "IPC namespace of the containers: host, task or none. Null: Docker's default."
  type        = string
  default     = null

  validation {
    condition     = contains(["host", "task", "none"], coalesce(var.task_ipc_mode, "none"))
    error_message = "task_ipc_mode must be host, task or none, not ${jsonencode(var.task_ipc_mode)}."
  }
}

variable "dockerSecurityOptions" {
  description = "Docker security options of the container: no-new-privileges, label:... for SELinux, apparmor:... or credentialspec:... Null: none."
  type        = list(string)
  default     = null

  validation {
    condition = alltrue([
      for option in coalesce(var.dockerSecurityOptions, []) : can(regex("^(no-new-privileges|label:.+|apparmor:.+|credentialspec:.+)$", option))
    ])
    error_message = join(" ", [
      "dockerSecurityOptions must be no-new-privileges, label:..., apparmor:... or credentialspec:...,",
      "not ${jsonencode(var.dockerSecurityOptions)}.",
    ])
  }
}

#-------------------------------------------------------------------------------
# Tasks: count, scaling, deployment
#-------------------------------------------------------------------------------

variable "task_desired_count" {
  description = "Number of tasks the service starts with. Auto scaling changes it from then on."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.task_desired_count >= 0 && floor(var.task_desired_count) == var.task_desired_count
    error_message = "task_desired_count ${var.task_desired_count} must be a whole number and not negative."
  }
}

variable "task_min_count" {
  description = "Lowest number of tasks that auto scaling goes down to."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.task_min_count >= 0 && floor(var.task_min_count) == var.task_min_count
    error_message = "task_min_count ${var.task_min_count} must be a whole number and not negative."
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
    condition = contains(["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget"], var.autoscaling_metric)
    error_message = join(" ", [
      "autoscaling_metric must be ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization or ALBRequestCountPerTarget,",
      "not \"${var.autoscaling_metric}\".",
    ])
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
  description = "CPU utilization, in percent, at which auto scaling holds the service when autoscaling_target is null."
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
    error_message = "deployment_minimum_healthy_percent ${var.deployment_minimum_healthy_percent} must be a whole number and not negative."
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

variable "deployment_alarms" {
  description = <<-EOT
    CloudWatch alarms that fail a deployment: one that goes to ALARM while new tasks run ends it. They are the module's alarms about
    unhealthy targets, one for each target group, and those that `alarm_names` names. With `rollback` (true) ECS goes back to the last
    deployment that completed. Null: no alarm does. Once set, end it with `enable = false`: the provider can't take the setting away.
  EOT
  type = object({
    alarm_names = optional(list(string), [])
    enable      = optional(bool, true)
    rollback    = optional(bool, true)
  })
  default = null

  validation {
    condition = var.deployment_alarms == null ? true : alltrue([
      for name in var.deployment_alarms.alarm_names : try(length(name) >= 1 && length(name) <= 255 && !startswith(name, "arn:"), false)
    ])
    error_message = "deployment_alarms.alarm_names must be names of CloudWatch alarms, not ARNs: ${jsonencode(try(var.deployment_alarms.alarm_names, []))}."
  }
}

variable "wait_for_steady_state" {
  description = "Whether an apply ends only when the service runs its tasks, and fails when they don't. False: it ends when ECS has accepted the service."
  type        = bool
  default     = false
  nullable    = false
}

variable "service_timeouts" {
  description = <<-EOT
    How long an apply waits for the service, such as `30m` or `1h30m`: `create` and `update` with `wait_for_steady_state`, `delete` always.
    Null: the provider's 20 minutes.
  EOT
  type = object({
    create = optional(string)
    update = optional(string)
    delete = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for duration in values(var.service_timeouts) : try(can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", duration)) && can(regex("[1-9]", duration)), false)
      if duration != null
    ])
    error_message = "service_timeouts must be durations above 0 with a unit, such as 30m or 1h30m, not ${jsonencode(var.service_timeouts)}."
  }
}

variable "service_health_check_grace_period_seconds" {
  description = "Seconds after a task's start in which failing load balancer health checks don't stop it. Null: none."
  type        = number
  default     = null

  validation {
    condition     = try(min(max(var.service_health_check_grace_period_seconds, 0), 2147483647) == var.service_health_check_grace_period_seconds, true)
    error_message = "service_health_check_grace_period_seconds ${coalesce(var.service_health_check_grace_period_seconds, 0)} must not be negative."
  }
}

#-------------------------------------------------------------------------------
# GPUs
#-------------------------------------------------------------------------------

variable "gpu_count" {
  description = "Number of GPUs of the container. More than 0 needs an instance type with NVIDIA GPUs and takes the GPU image."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.gpu_count >= 0 && floor(var.gpu_count) == var.gpu_count
    error_message = "gpu_count ${var.gpu_count} must be a whole number and not negative."
  }
}

variable "gpu_autoscaling_target" {
  description = "GPU utilization, in percent, at which auto scaling holds a service with GPUs, beside autoscaling_metric."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.gpu_autoscaling_target > 0 && var.gpu_autoscaling_target <= 100
    error_message = "gpu_autoscaling_target ${var.gpu_autoscaling_target} must be a percentage: above 0 and at most 100."
  }
}

variable "gpu_capacity_reservation_id" {
  description = "EC2 capacity reservation in which the instances with GPUs run. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.gpu_capacity_reservation_id == null ? true : startswith(var.gpu_capacity_reservation_id, "cr-")
    error_message = "gpu_capacity_reservation_id ${jsonencode(var.gpu_capacity_reservation_id)} is not a valid id, such as cr-0123456789abcdef0."
  }
}

#-------------------------------------------------------------------------------
# Load balancer, certificate, names
#-------------------------------------------------------------------------------

variable "lb_type" {
  description = "Kind of load balancer: alb (HTTPS, with a certificate of its own) or nlb (TCP). Upper or lower case."
  type        = string
  default     = "alb"
  nullable    = false

  validation {
    condition     = contains(["alb", "nlb"], lower(var.lb_type))
    error_message = "lb_type must be alb or nlb, not \"${var.lb_type}\"."
  }
}

variable "load_balancer_subnets" {
  description = "Subnets of the load balancer, in at least two Availability Zones. It is internet-facing if they assign public addresses, otherwise internal."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.load_balancer_subnets) > 0
    error_message = "load_balancer_subnets must not be empty: an ALB needs two subnets in different Availability Zones, an NLB one."
  }

  validation {
    condition     = alltrue([for subnet in var.load_balancer_subnets : can(regex("^subnet-", subnet))])
    error_message = "load_balancer_subnets must be ids of subnets, not ${jsonencode(var.load_balancer_subnets)}."
  }
}

variable "zone_id" {
  description = "Id of the Route 53 zone in which dns_names are created, by the provider aws.dns."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id must be the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ, without /hostedzone/, not \"${var.zone_id}\"."
  }
}

variable "dns_names" {
  description = "Host names of the service, relative to the zone; \"\" is its apex. The first is the certificate's main name and the host of the output URLs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.dns_names) > 0
    error_message = "dns_names must have at least one name, such as \"www\", or \"\" for the zone's apex."
  }

  validation {
    condition = alltrue([
      for name in var.dns_names :
      name == "" || can(regex("^([*]([.]|$))?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?([.]|$))*$", name)) && !endswith(name, ".")
    ])
    error_message = "dns_names must be names relative to the zone, such as \"www\" or \"www.eu\", not ${jsonencode(var.dns_names)}."
  }

  validation {
    condition     = length(distinct([for name in var.dns_names : try(lower(name), null)])) == length(var.dns_names)
    error_message = "dns_names holds a name twice: ${jsonencode(var.dns_names)}."
  }
}

variable "assume_dns" {
  description = "Whether to create the address and CAA records of dns_names. False leaves them to you, as in a migration. The certificate is validated."
  type        = bool
  default     = true
  nullable    = false
}

variable "certificate_issuers" {
  description = "Certificate authorities that may issue for dns_names: one CAA record each. [] creates none. ACM needs amazon.com or another Amazon name."
  type        = list(string)
  default     = ["amazon.com"]
  nullable    = false

  validation {
    condition = length(var.certificate_issuers) == 0 || anytrue([
      for issuer in var.certificate_issuers : contains(["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"], issuer)
    ])
    error_message = "certificate_issuers ${jsonencode(var.certificate_issuers)} would not let ACM issue the certificate: add amazon.com."
  }

  validation {
    condition     = alltrue([for issuer in var.certificate_issuers : can(regex("^[A-Za-z0-9.-]+[^\"\\\\]*$", issuer))])
    error_message = "certificate_issuers must be host names of authorities, not ${jsonencode(var.certificate_issuers)}."
  }
}

variable "alb_ingress_cidr_blocks" {
  description = "IPv4 networks that may reach the load balancer."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.alb_ingress_cidr_blocks : try(cidrsubnet(cidr, 0, 0) == cidr && !strcontains(cidr, ":"), false)])
    error_message = "alb_ingress_cidr_blocks must be IPv4 networks, such as 10.0.0.0/8, not ${jsonencode(var.alb_ingress_cidr_blocks)}."
  }

  validation {
    condition     = length(distinct(var.alb_ingress_cidr_blocks)) == length(var.alb_ingress_cidr_blocks)
    error_message = "alb_ingress_cidr_blocks holds a network twice: ${jsonencode(var.alb_ingress_cidr_blocks)}."
  }
}

variable "ssl_policy" {
  description = "Security policy of every HTTPS and TLS listener."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  nullable    = false

  validation {
    condition     = startswith(var.ssl_policy, "ELBSecurityPolicy-")
    error_message = "ssl_policy \"${var.ssl_policy}\" is not a valid security policy: its name must begin with ELBSecurityPolicy-."
  }
}

variable "idle_timeout" {
  description = "Seconds after which the application load balancer closes an idle connection."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout >= 1 && var.idle_timeout <= 4000
    error_message = "idle_timeout ${var.idle_timeout} must be from 1 to 4000 seconds."
  }
}

variable "target_group_protocol" {
  description = "Protocol that the application load balancer speaks to container_port: HTTP or HTTPS."
  type        = string
  default     = "HTTP"
  nullable    = false

  validation {
    condition     = contains(["HTTP", "HTTPS"], var.target_group_protocol)
    error_message = "target_group_protocol must be HTTP or HTTPS, not \"${var.target_group_protocol}\"."
  }
}

variable "load_balancing_algorithm_type" {
  description = "How the primary target group picks a target: round_robin, least_outstanding_requests or weighted_random."
  type        = string
  default     = "round_robin"
  nullable    = false

  validation {
    condition = contains(["round_robin", "least_outstanding_requests", "weighted_random"], var.load_balancing_algorithm_type)
    error_message = join(" ", [
      "load_balancing_algorithm_type must be round_robin, least_outstanding_requests or weighted_random,",
      "not \"${var.load_balancing_algorithm_type}\".",
    ])
  }
}

# Its rules are those of extra_target_groups' entries, in modules/extra-target-groups/rules.tf.
variable "stickiness" {
  description = <<-EOT
    What keeps a client at one task of the primary target group. `type`: lb_cookie or, with `cookie_name`, app_cookie on an ALB; source_ip on an NLB.
    Null is the first. `cookie_duration`: seconds, null: a day. With `enabled = false` any task serves any request.
  EOT

  type = object({
    enabled         = optional(bool, true)
    type            = optional(string)
    cookie_duration = optional(number)
    cookie_name     = optional(string)
  })
  default  = {}
  nullable = false
}

variable "deregistration_delay" {
  description = "Seconds for which a task that leaves the primary target group may finish its requests, 0 to 3600."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = floor(min(max(var.deregistration_delay, 0), 3600)) == var.deregistration_delay
    error_message = "deregistration_delay ${var.deregistration_delay} must be a whole number of seconds from 0 to 3600."
  }
}

variable "healthcheck_path" {
  description = "Path that the load balancer asks for to learn whether container_port is healthy."
  type        = string
  default     = "/index.html"
  nullable    = false

  validation {
    condition     = startswith(var.healthcheck_path, "/") && length(var.healthcheck_path) <= 1024
    error_message = "healthcheck_path \"${var.healthcheck_path}\" must begin with / and have at most 1024 characters."
  }
}

variable "healthcheck_interval" {
  description = "Seconds between two health checks of the primary target group."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.healthcheck_interval >= 5 && var.healthcheck_interval <= 300 && floor(var.healthcheck_interval) == var.healthcheck_interval
    error_message = "healthcheck_interval ${var.healthcheck_interval} must be a whole number of seconds from 5 to 300."
  }
}

variable "healthcheck_timeout" {
  description = "Seconds after which a health check without an answer has failed; less than healthcheck_interval, or on an NLB equal to it."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.healthcheck_timeout >= 2 && var.healthcheck_timeout <= 120 && floor(var.healthcheck_timeout) == var.healthcheck_timeout
    error_message = "healthcheck_timeout ${var.healthcheck_timeout} must be a whole number of seconds from 2 to 120."
  }
}

variable "healthcheck_response_code_matcher" {
  description = "HTTP codes of a healthy answer: 200, 200,302 or 200-299."
  type        = string
  default     = "200-299"
  nullable    = false

  validation {
    condition = alltrue([
      for part in split(",", var.healthcheck_response_code_matcher) : can(regex("^[2-4][0-9]{2}(-[2-4][0-9]{2})?$", part))
    ])
    error_message = join(" ", [
      "healthcheck_response_code_matcher must be HTTP codes from 200 to 499, such as 200,302 or 200-299,",
      "not \"${var.healthcheck_response_code_matcher}\".",
    ])
  }

  validation {
    condition = alltrue([
      for part in split(",", var.healthcheck_response_code_matcher) : try(tonumber(split("-", part)[0]) <= tonumber(split("-", part)[1]), true)
    ])
    error_message = "healthcheck_response_code_matcher \"${var.healthcheck_response_code_matcher}\": a range must begin with its lower code."
  }
}

variable "access_log_force_destroy" {
  description = "Whether the access log bucket is deleted with the logs in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "dns_routing_policy" {
  description = "Routing of the host names' records: simple, or weighted when several load balancers share the names."
  type        = string
  default     = "simple"
  nullable    = false

  validation {
    condition     = contains(["simple", "weighted"], var.dns_routing_policy)
    error_message = "dns_routing_policy must be simple or weighted, not \"${var.dns_routing_policy}\"."
  }
}

variable "dns_set_identifier" {
  description = "What tells this load balancer's weighted records from the others'; needed with the weighted policy."
  type        = string
  default     = null

  validation {
    condition     = var.dns_set_identifier == null ? true : length(var.dns_set_identifier) >= 1 && length(var.dns_set_identifier) <= 128
    error_message = "dns_set_identifier ${jsonencode(var.dns_set_identifier)} must have 1 to 128 characters."
  }
}

variable "dns_weight" {
  description = "Share of the requests that the weighted records lead here, 0 to 255, relative to the other records."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = var.dns_weight >= 0 && var.dns_weight <= 255 && floor(var.dns_weight) == var.dns_weight
    error_message = "dns_weight ${var.dns_weight} must be a whole number from 0 to 255."
  }
}

variable "replication_region" {
  description = "Region to which the access logs are replicated. Null: they are not."
  type        = string
  default     = null

  validation {
    condition     = var.replication_region == null ? true : can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.replication_region))
    error_message = "replication_region ${jsonencode(var.replication_region)} is not a valid region, such as us-east-1."
  }
}

variable "alb_access_log_athena_enabled" {
  description = "Whether to make a Glue table over the access logs and an Athena workgroup to query it."
  type        = bool
  default     = false
  nullable    = false
}

#-------------------------------------------------------------------------------
# Extra target groups
#-------------------------------------------------------------------------------

# Their rules are in modules/extra-target-groups/rules.tf.
variable "extra_target_groups" {
  description = <<-EOT
    Further ports of the container: a key of your choice to the port's settings.
    Each entry gets a target group and a listener on the service's load balancer, at most four of them.
    An attribute name that is not listed here is ignored without a word: Terraform can't see it.

    - `listener_port`: port of the load balancer, each one once.
    - `container_port`: port of the container. Entries may share one, also with the primary listener, but not as TCP and UDP.
    - `host_port`: port of the instance that leads to `container_port`, 1 to 32767. Null: Docker picks one for each task.
      With one, an instance runs one task only, and a deployment needs a free instance. UDP needs one, and so does a numbered
      `health_check.port`.
    - `protocol`: what the targets speak: HTTP or HTTPS on an ALB; TCP, TLS or UDP on an NLB.
    - `protocol_version`: HTTP1, HTTP2 or GRPC, on an ALB. Null: HTTP1. HTTP2 and GRPC need an HTTPS listener.
    - `listener_protocol`: HTTP or HTTPS on an ALB; TCP, TLS or UDP on an NLB. Null: HTTPS on an ALB, `protocol` on an NLB.
      From HTTPS to HTTP, or from TLS to another, a listener does not change in place: take another `listener_port`.
    - `certificate_arn`: certificate of an HTTPS or TLS listener. Null: the module's own, which only an ALB has.
    - `ingress_cidr_blocks`, `ingress_security_group_ids`: who may reach the listener, by IPv4.
      Both null: `alb_ingress_cidr_blocks`.
    - `deregistration_delay`: seconds for which a target that leaves may finish its requests, 0 to 3600. Null: 300.
    - `slow_start`: seconds in which a new target's share of requests grows, 30 to 900 or 0, on an ALB.
    - `load_balancing_algorithm_type`: round_robin, least_outstanding_requests or weighted_random, on an ALB.
    - `stickiness`: `enabled` (true), `type` (lb_cookie or app_cookie on an ALB, source_ip on an NLB), `cookie_duration` in seconds,
      `cookie_name` with app_cookie.
      An NLB has none with TLS.
    - `health_check.path`: null: `/`, with GRPC `/AWS.ALB/healthcheck`, on an NLB a TCP check.
      A path on an NLB makes it an HTTP check, with TLS targets an HTTPS check; to take the path away again, rename the entry's key.
    - `health_check.port`: `traffic-port`, or with `host_port` a TCP port of the instance. UDP needs a number: UDP can't be checked.
    - `health_check.matcher`: codes of a healthy answer. Null: `200-299`, with GRPC the gRPC code `12`.
    - `health_check.interval` (30), `timeout` (5, less than the interval, or on an NLB equal to it): seconds.
    - `health_check.healthy_threshold` (2), `unhealthy_threshold` (3): consecutive checks, 2 to 10.
  EOT

  type = map(object({
    listener_port       = number
    container_port      = number
    host_port           = optional(number)
    protocol            = optional(string, "HTTP")
    protocol_version    = optional(string)
    listener_protocol   = optional(string)
    certificate_arn     = optional(string)
    ingress_cidr_blocks = optional(list(string))
    # Only to be refused.
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
  default  = {}
  nullable = false
}

#-------------------------------------------------------------------------------
# Instances
#-------------------------------------------------------------------------------

variable "asg_subnets" {
  description = "Ids of the subnets in which the instances run. They need a way out: to the image registry and to ECS."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.asg_subnets) > 0
    error_message = "asg_subnets must have at least one subnet."
  }

  validation {
    condition     = alltrue([for subnet in var.asg_subnets : can(regex("^subnet-", subnet))])
    error_message = "asg_subnets must be ids of subnets, not ${jsonencode(var.asg_subnets)}."
  }
}

variable "asg_instance_type" {
  description = "Type of the instances. Its architecture picks the ECS-optimized image: x86_64 or arm64."
  type        = string
  default     = "t3.micro"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.asg_instance_type))
    error_message = "asg_instance_type \"${var.asg_instance_type}\" is not a valid instance type, such as t3.micro."
  }
}

variable "asg_min_size" {
  description = "Lowest number of instances. Null: one a subnet of asg_subnets."
  type        = number
  default     = null

  validation {
    condition     = var.asg_min_size == null ? true : var.asg_min_size >= 0 && floor(var.asg_min_size) == var.asg_min_size
    error_message = "asg_min_size ${coalesce(var.asg_min_size, 0)} must be a whole number and not negative."
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
    condition     = try(max(floor(var.on_demand_base_capacity), 0) == var.on_demand_base_capacity, true)
    error_message = "on_demand_base_capacity ${coalesce(var.on_demand_base_capacity, 0)} must be a whole number and not negative."
  }
}

variable "max_instance_lifetime" {
  description = <<-EOT
    Seconds after which an instance is replaced, its tasks drained: 86400, a day, to 31536000, a year. 0 or null: never.
    Under `managed_termination_protection` an instance waits until it runs no task of the service.
  EOT
  type        = number
  default     = 2592000

  validation {
    condition = try(
      var.max_instance_lifetime == 0 || floor(min(max(var.max_instance_lifetime, 86400), 31536000)) == var.max_instance_lifetime,
      var.max_instance_lifetime == null,
    )
    error_message = join(" ", [
      "max_instance_lifetime ${coalesce(var.max_instance_lifetime, 0)} must be 0 or a whole number of seconds",
      "from 86400, a day, to 31536000, a year.",
    ])
  }
}

variable "ami_id" {
  description = "Image of the instances. Null: the recommended ECS-optimized Amazon Linux 2023 for the instance type's architecture."
  type        = string
  default     = null

  validation {
    condition     = var.ami_id == null ? true : can(regex("^ami-[0-9a-f]+$", var.ami_id))
    error_message = "ami_id ${jsonencode(var.ami_id)} is not a valid AMI id, such as ami-0123456789abcdef0."
  }
}

variable "root_volume_size" {
  description = "Size of an instance's encrypted root volume in GiB, without the swap file. The ECS-optimized image needs 30."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.root_volume_size >= 1 && floor(var.root_volume_size) == var.root_volume_size
    error_message = "root_volume_size ${var.root_volume_size} must be a whole number of GiB."
  }
}

variable "swap" {
  description = "Whether instances have a swap file of twice their memory, by which the root volume is larger."
  type        = bool
  default     = true
  nullable    = false
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
    error_message = "extra_instance_profile_permissions must be a JSON policy with a Statement, such as the json of a data aws_iam_policy_document."
  }
}

variable "ssh_key_name" {
  description = "Name of an EC2 key pair for SSH. Null: no key; Session Manager is the way in."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_key_name == null ? true : length(trimspace(var.ssh_key_name)) > 0
    error_message = "ssh_key_name must not be empty: null makes instances without a key."
  }
}

variable "ssh_cidr_block" {
  description = "IPv4 network that may reach the instances by SSH. Null: none."
  type        = string
  default     = null

  validation {
    condition = (
      var.ssh_cidr_block == null ? true
      : try(cidrsubnet(var.ssh_cidr_block, 0, 0) == var.ssh_cidr_block && !strcontains(var.ssh_cidr_block, ":"), false)
    )
    error_message = "ssh_cidr_block ${jsonencode(var.ssh_cidr_block)} is not a valid IPv4 network, such as 10.0.0.0/8."
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
    condition = alltrue([
      for file in var.extra_files : try(startswith(file.path, "/") && can(regex("^[0-7]{3,4}$", file.permissions)) && file.content != null, false)
    ])
    error_message = join(" ", [
      "extra_files must have absolute paths, octal permissions and content,",
      "not ${join(", ", [for file in var.extra_files : "${jsonencode(file.path)} (${jsonencode(file.permissions)})"])}.",
    ])
  }
}

variable "ecs_log_level" {
  description = "Level of the ECS agent's log: debug, info, warn, error or crit."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["debug", "info", "warn", "error", "crit"], var.ecs_log_level)
    error_message = "ecs_log_level must be debug, info, warn, error or crit, not \"${var.ecs_log_level}\"."
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

#-------------------------------------------------------------------------------
# Logs, alarms, metrics
#-------------------------------------------------------------------------------

variable "alarm_emails" {
  description = "E-mail addresses that are told of alarms. Each gets a message from AWS to confirm the subscription."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "alarm_emails must be e-mail addresses, not ${jsonencode(var.alarm_emails)}."
  }
}

variable "enable_cloudwatch_logs" {
  description = "Whether the container's output goes to a CloudWatch log group."
  type        = bool
  default     = true
  nullable    = false
}

variable "cloudwatch_log_group" {
  description = "Name of the log group that the module makes. Null: /ecs/<environment>/<service_name>."
  type        = string
  default     = null

  validation {
    condition = (
      var.cloudwatch_log_group == null ? true
      : can(regex("^[A-Za-z0-9_/.#-]{1,500}$", var.cloudwatch_log_group)) && !startswith(var.cloudwatch_log_group, "aws/")
    )
    error_message = join(" ", [
      "cloudwatch_log_group ${jsonencode(var.cloudwatch_log_group)} is not a valid log group name:",
      "letters, digits and _ / . # - only, and not aws/ first.",
    ])
  }
}

variable "cloudwatch_log_group_retention" {
  description = "Days for which logs are kept; 0 keeps them for ever."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition = contains(
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.cloudwatch_log_group_retention
    )
    error_message = join(" ", [
      "cloudwatch_log_group_retention must be 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,",
      "2922, 3288 or 3653 days, not ${var.cloudwatch_log_group_retention}.",
    ])
  }
}

variable "cloudwatch_log_kms_key_id" {
  description = <<-EOT
    ARN of the KMS key that encrypts the log groups, in the same region. Null: CloudWatch's own encryption.
    The key's policy must admit all of them, with `enable_container_insights` also `/aws/ecs/containerinsights/<service_name>/performance`.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.cloudwatch_log_kms_key_id == null ? true : can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/", var.cloudwatch_log_kms_key_id))
    error_message = "cloudwatch_log_kms_key_id ${jsonencode(var.cloudwatch_log_kms_key_id)} is not a valid ARN of a KMS key."
  }
}

variable "enable_container_insights" {
  description = "Whether the cluster reports Container Insights metrics."
  type        = bool
  default     = false
  nullable    = false
}

variable "sns_topic_arn" {
  description = <<-EOT
    ARN of an SNS topic of yours. It gets alarms in addition to alarm_emails, and failed deployments instead of them.
    CloudWatch and EventBridge must be allowed to publish to it. Null: alarm_emails get both.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.sns_topic_arn == null ? true : can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:[A-Za-z0-9_.-]+$", var.sns_topic_arn))
    error_message = "sns_topic_arn ${jsonencode(var.sns_topic_arn)} is not a valid ARN of an SNS topic."
  }
}

variable "cloudwatch_agent_image" {
  description = "Image of the CloudWatch agent, which sends the instances' logs when enable_cloudwatch_logs is true."
  type        = string
  default     = "public.ecr.aws/cloudwatch-agent/cloudwatch-agent:1.300062.0b1304"
  nullable    = false

  validation {
    condition     = length(trimspace(var.cloudwatch_agent_image)) > 0
    error_message = "cloudwatch_agent_image must not be empty: null keeps the default."
  }
}

variable "cloudwatch_agent_extra_environment" {
  description = "Further environment variables of the CloudWatch agent."
  type = list(object({
    name  = string
    value = string
  }))
  default  = []
  nullable = false
}

variable "enable_vector_agent" {
  description = "Whether a Vector agent on every instance sends the containers' logs to vector_aggregator_endpoint, or where vector_agent_config says."
  type        = bool
  default     = false
  nullable    = false
}

variable "vector_agent_image" {
  description = "Image of the Vector agent; it needs a shell."
  type        = string
  default     = "timberio/vector:0.46.1-alpine"
  nullable    = false

  validation {
    condition     = length(trimspace(var.vector_agent_image)) > 0
    error_message = "vector_agent_image must not be empty: null keeps the default."
  }
}

variable "vector_agent_config" {
  description = "YAML configuration of the Vector agent. Null: one that sends the containers' logs to vector_aggregator_endpoint."
  type        = string
  default     = null

  validation {
    condition     = var.vector_agent_config == null ? true : can(yamldecode(var.vector_agent_config).sinks)
    error_message = "vector_agent_config must be a YAML configuration of Vector with sinks."
  }
}

variable "vector_aggregator_endpoint" {
  description = "Address of the Vector aggregator, host:port."
  type        = string
  default     = null

  validation {
    condition     = var.vector_aggregator_endpoint == null ? true : can(regex("^[^:/]+:[0-9]+$", var.vector_aggregator_endpoint))
    error_message = "vector_aggregator_endpoint ${jsonencode(var.vector_aggregator_endpoint)} must be host:port."
  }
}

variable "vector_agent_exclude_containers" {
  description = "Containers whose logs the Vector agent leaves out, by the beginning of their names."
  type        = list(string)
  default     = ["ecs-agent"]
  nullable    = false
}

variable "vector_agent_task_policy_arns" {
  description = "Policies of the role that the Vector agent acts as."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.vector_agent_task_policy_arns : can(regex("^arn:[^:]+:iam::", arn))])
    error_message = "vector_agent_task_policy_arns must be ARNs of policies, not ${jsonencode(var.vector_agent_task_policy_arns)}."
  }
}

#-------------------------------------------------------------------------------
# Tags for Vanta
#-------------------------------------------------------------------------------

variable "vanta_owner" {
  description = "E-mail address of the resources' owner in Vanta; tag VantaOwner. Null: no tag."
  type        = string
  default     = null
}

variable "vanta_production_environments" {
  description = "Environments that count as production; in all others the tag VantaNonProd is true."
  type        = list(string)
  default     = ["production", "prod"]
  nullable    = false
}

variable "vanta_contains_user_data" {
  description = "Whether the resources hold user data; tag VantaContainsUserData."
  type        = bool
  default     = false
  nullable    = false
}

variable "vanta_contains_ephi" {
  description = "Whether the resources hold electronic health records; tag VantaContainsEPHI."
  type        = bool
  default     = false
  nullable    = false
}

variable "vanta_description" {
  description = "What the resources are for; tag VantaDescription. Null: no tag."
  type        = string
  default     = null
}

variable "vanta_user_data_stored" {
  description = "What user data the resources hold; tag VantaUserDataStored. Null: no tag."
  type        = string
  default     = null
}

variable "vanta_no_alert" {
  description = "Why Vanta should raise no alert about the resources; tag VantaNoAlert. Null: no tag."
  type        = string
  default     = null
}
