variable "service_name" {
  description = "Name of the service behind the load balancer."
  type        = string
}

variable "load_balancer_name" {
  description = "Name of the load balancer, at most 32 characters."
  type        = string
}

variable "target_group_name" {
  description = "Name of the target group, at most 32 characters."
  type        = string
}

variable "vpc_id" {
  description = "Id of the VPC of the subnets."
  type        = string
}

variable "subnets" {
  description = "Ids of the load balancer's subnets."
  type        = list(string)
}

variable "internal" {
  description = "Whether the load balancer has private addresses only."
  type        = bool
}

variable "moved_in" {
  description = "Whether the service is one of the predecessor that moved in."
  type        = bool
}

variable "ingress_cidr_blocks" {
  description = "IPv4 networks that may reach ports 80 and 443."
  type        = list(string)
}

variable "backend_security_group_id" {
  description = "Security group of the instances, to whose dynamic host ports the load balancer connects."
  type        = string
}

variable "idle_timeout" {
  description = "Seconds after which an idle connection is closed."
  type        = number
}

variable "ssl_policy" {
  description = "Security policy of the HTTPS listener."
  type        = string
}

variable "extra_security_group_ids" {
  description = "Further security groups of the load balancer, which admit clients to listeners that others make."
  type        = list(string)
}

variable "zone_id" {
  description = "Id of the Route 53 zone of the host names."
  type        = string
}

variable "hostnames" {
  description = "Full host names by the label that the caller gave."
  type        = map(string)
}

variable "primary_hostname" {
  description = "The host name that is the certificate's main name, one of hostnames."
  type        = string
}

variable "make_records" {
  description = "Whether the host names lead here: then there are CAA records for them."
  type        = bool
}

variable "set_identifier" {
  description = "What tells weighted records of one name apart. Null: simple records."
  type        = string
}

variable "weight" {
  description = "Share of a weighted record."
  type        = number
}

variable "certificate_issuers" {
  description = "Certificate authorities that may issue certificates for the host names."
  type        = list(string)
}

variable "target_port" {
  description = "Port of the container."
  type        = number
}

variable "target_protocol" {
  description = "Protocol that the container speaks: HTTP or HTTPS."
  type        = string
}

variable "load_balancing_algorithm_type" {
  description = "How the target group picks a target."
  type        = string
}

variable "deregistration_delay" {
  description = "Seconds for which a target that leaves may finish its requests."
  type        = number
}

variable "stickiness" {
  description = "What keeps a client at one target."
  type = object({
    enabled         = bool
    type            = string
    cookie_duration = number
    cookie_name     = string
  })
}

variable "health_check" {
  description = "Health check of the target group; interval and timeout in seconds."
  type = object({
    path     = string
    matcher  = string
    interval = number
    timeout  = number
  })
}

variable "access_log_force_destroy" {
  description = "Whether the access log bucket is deleted with the logs in it."
  type        = bool
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}

variable "name_tag" {
  description = "Tag with the name of the security group; empty when tags have one, or the provider's default_tags."
  type        = map(string)
}
