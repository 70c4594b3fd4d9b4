variable "service_name" {
  description = "Name of the service that the instances run."
  type        = string
}

variable "cluster_id" {
  description = "Id of the cluster that the instances join."
  type        = string
}

variable "vpc_id" {
  description = "Id of the VPC of the subnets."
  type        = string
}

variable "subnets" {
  description = "Ids of the subnets over which the instances are spread."
  type        = list(string)
}

variable "instance_type" {
  description = "Type of the instances."
  type        = string
}

variable "ami_id" {
  description = "Image of the instances."
  type        = string
}

variable "root_device_name" {
  description = "Device of the image's root volume."
  type        = string
}

variable "root_volume_size" {
  description = "Size of the root volume in GiB."
  type        = number
}

variable "user_data" {
  description = "User data of the instances, base64."
  type        = string
}

variable "min_size" {
  description = "Lowest number of instances."
  type        = number
}

variable "max_size" {
  description = "Highest number of instances."
  type        = number
}

variable "health_check_grace_period" {
  description = "Seconds after an instance's start in which its failing health checks don't replace it."
  type        = number
}

variable "protect_from_scale_in" {
  description = "Whether new instances are protected from scaling in; ECS lifts the protection of those without tasks."
  type        = bool
}

variable "max_instance_lifetime" {
  description = "Seconds after which an instance is replaced. 0 or null: never."
  type        = number
}

variable "on_demand_base_capacity" {
  description = "Number of on-demand instances; all above it are Spot instances. Null: on-demand only."
  type        = number
}

variable "capacity_reservation_id" {
  description = "Capacity reservation in which the instances run. Null: none."
  type        = string
  default     = null
}

variable "ssh_key_name" {
  description = "Name of an EC2 key pair. Null: none."
  type        = string
}

variable "ssh_cidr_block" {
  description = "Network that may reach the instances by SSH. Null: none."
  type        = string
}

variable "extra_permissions" {
  description = "JSON of a policy for the instances' role. Null: none."
  type        = string
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer, from which the tasks' ports are reached."
  type        = string
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}

variable "name_tag" {
  description = "Tag with the name of the security group; empty when tags have one, or the provider's default_tags."
  type        = map(string)
}

variable "instance_tags" {
  description = "Tags of the group, of its instances, and of their volumes and interfaces: with the provider's default_tags, which it does not add there."
  type        = map(string)
}
