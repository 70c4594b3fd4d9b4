variable "name" {
  description = "Name of the daemon's container, and what its role's name begins with."
  type        = string
}

variable "ecs_service_name" {
  description = "Name of the daemon's service."
  type        = string
}

variable "family" {
  description = "Family of the daemon's task definitions."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster on whose instances the daemon runs."
  type        = string
}

variable "cluster_id" {
  description = "Id of that cluster, which another one of the same name does not have."
  type        = string
}

variable "image" {
  description = "Image of the daemon's container."
  type        = string
}

variable "entry_point" {
  description = "Entry point of the container. Null keeps the image's."
  type        = list(string)
}

variable "command" {
  description = "Command of the container. Null keeps the image's."
  type        = list(string)
}

variable "environment" {
  description = "Environment variables of the container."
  type = list(object({
    name  = string
    value = string
  }))
}

variable "memory" {
  description = "Memory in MiB above which the daemon is killed."
  type        = number
}

variable "memory_reservation" {
  description = "Memory in MiB that the scheduler sets aside for the daemon."
  type        = number
}

variable "host_paths" {
  description = "Paths of the instance that the daemon reads: a volume name to the path, which is the same in the container."
  type        = map(string)
}

variable "assume_role_policy" {
  description = "JSON of the policy that lets ECS tasks assume the daemon's role."
  type        = string
}

variable "policies" {
  description = "Policies of the daemon's role: a name to the policy's JSON, which may be unknown in the plan."
  type        = map(string)
}

variable "policy_arns" {
  description = "Further policies of the daemon's role."
  type        = list(string)
}

variable "execution_role_arn" {
  description = "Role in which ECS starts the daemon."
  type        = string
}

variable "log_group_name" {
  description = "Log group of the daemon's own output. Null: it is not kept."
  type        = string
}

variable "region" {
  description = "Region of the log group."
  type        = string
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}
