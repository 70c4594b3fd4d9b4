variable "zone_id" {
  description = "Id of the Route 53 zone of the host names."
  type        = string
}

variable "public_subnet_ids" {
  description = "Subnets that give public addresses, in two Availability Zones."
  type        = list(string)
}

variable "private_subnet_ids" {
  description = "Subnets with a way out, in two Availability Zones."
  type        = list(string)
}

variable "certificate_arn" {
  description = "Certificate of the broker's host name."
  type        = string
}
