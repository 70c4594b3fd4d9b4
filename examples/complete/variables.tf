variable "zone_id" {
  description = "Id of a public Route 53 zone, in which the host names are created."
  type        = string
}

variable "public_subnet_ids" {
  description = "Subnets of a VPC that assign public addresses and route to an internet gateway, in two Availability Zones."
  type        = list(string)
}

variable "private_subnet_ids" {
  description = "Subnets of the same VPC with a way out, such as a NAT gateway, in two Availability Zones."
  type        = list(string)
}

variable "database_password" {
  description = "Value of the secret that the container gets as DATABASE_PASSWORD."
  type        = string
  sensitive   = true
}
