variable "zone_id" {
  description = "Id of the Route 53 zone."
  type        = string
}

variable "hostnames" {
  description = "Full host names by the label that the caller gave."
  type        = map(string)
}

variable "load_balancer_dns_name" {
  description = "DNS name of the load balancer."
  type        = string
}

variable "load_balancer_zone_id" {
  description = "Id of the zone that the load balancer's DNS name is in."
  type        = string
}

variable "set_identifier" {
  description = "What tells weighted records of one name apart. Null: simple records."
  type        = string
}

variable "weight" {
  description = "Share of a weighted record."
  type        = number
}
