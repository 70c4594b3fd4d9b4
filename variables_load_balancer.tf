# The load balancer, its certificate and its names.

variable "lb_type" {
  description = "Kind of load balancer: alb (HTTPS, with a certificate of its own) or nlb (TCP). Upper or lower case."
  type        = string
  default     = "alb"
  nullable    = false

  validation {
    condition     = contains(["alb", "nlb"], lower(var.lb_type))
    error_message = "lb_type \"${var.lb_type}\" is unknown: give alb or nlb."
  }
}

variable "load_balancer_subnets" {
  description = "Ids of the load balancer's subnets, in at least two Availability Zones. It is internet-facing when the subnets give public addresses, otherwise internal."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.load_balancer_subnets) > 0
    error_message = "load_balancer_subnets is empty: give the ids of at least two subnets in different Availability Zones."
  }
}

variable "zone_id" {
  description = "Id of the Route 53 zone in which dns_names are created, by the provider aws.dns."
  type        = string
  nullable    = false
}

variable "dns_names" {
  description = "Host names of the service, relative to the zone; \"\" is the zone's apex. The first one is the certificate's main name and the host of the output URLs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.dns_names) > 0
    error_message = "dns_names is empty: give at least one name, such as [\"www\"], or [\"\"] for the zone's apex."
  }

  validation {
    condition = alltrue([
      for name in var.dns_names : name == "" || can(regex("^([*]([.]|$))?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?([.]|$))*$", name)) && !endswith(name, ".")
    ])
    error_message = "dns_names holds what is no name in a zone: ${join(", ", [for name in var.dns_names : "\"${name}\"" if !(name == "" || can(regex("^([*]([.]|$))?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?([.]|$))*$", name)) && !endswith(name, "."))])}. Give names relative to the zone, such as \"www\" or \"www.eu\"."
  }

  validation {
    condition     = length(distinct([for name in var.dns_names : lower(name)])) == length(var.dns_names)
    error_message = "dns_names holds a name twice: ${jsonencode(var.dns_names)}."
  }
}

variable "assume_dns" {
  description = "Whether to make the address records of dns_names. False leaves them to you, for example during a migration; the certificate is validated either way."
  type        = bool
  default     = true
  nullable    = false
}

variable "certificate_issuers" {
  description = "Certificate authorities that may issue certificates for dns_names: one CAA record each. An empty list makes no CAA record. ACM needs amazon.com, or another of Amazon's names."
  type        = list(string)
  default     = ["amazon.com"]
  nullable    = false

  validation {
    condition = length(var.certificate_issuers) == 0 || anytrue([
      for issuer in var.certificate_issuers : contains(["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"], issuer)
    ])
    error_message = "certificate_issuers ${jsonencode(var.certificate_issuers)} would not let ACM issue the certificate: add amazon.com."
  }
}

variable "alb_ingress_cidr_blocks" {
  description = "IPv4 networks that may reach the load balancer."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.alb_ingress_cidr_blocks : can(cidrhost(cidr, 0)) && !strcontains(cidr, ":")])
    error_message = "alb_ingress_cidr_blocks holds what is no IPv4 network: ${join(", ", [for cidr in var.alb_ingress_cidr_blocks : "\"${cidr}\"" if !can(cidrhost(cidr, 0)) || strcontains(cidr, ":")])}."
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
    error_message = "ssl_policy \"${var.ssl_policy}\" is no policy of Elastic Load Balancing: its name begins with ELBSecurityPolicy-."
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
    error_message = "target_group_protocol \"${var.target_group_protocol}\" is unknown: give HTTP or HTTPS."
  }
}

variable "load_balancing_algorithm_type" {
  description = "How the primary target group picks a target: round_robin, least_outstanding_requests or weighted_random."
  type        = string
  default     = "round_robin"
  nullable    = false

  validation {
    condition     = contains(["round_robin", "least_outstanding_requests", "weighted_random"], var.load_balancing_algorithm_type)
    error_message = "load_balancing_algorithm_type \"${var.load_balancing_algorithm_type}\" is unknown: give round_robin, least_outstanding_requests or weighted_random."
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
  description = "Seconds between two health checks, of the primary target group and of the container."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.healthcheck_interval >= 5 && var.healthcheck_interval <= 300 && floor(var.healthcheck_interval) == var.healthcheck_interval
    error_message = "healthcheck_interval ${var.healthcheck_interval} must be a whole number of seconds from 5 to 300."
  }
}

variable "healthcheck_timeout" {
  description = "Seconds after which a health check without an answer has failed; less than healthcheck_interval."
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
    error_message = "healthcheck_response_code_matcher \"${var.healthcheck_response_code_matcher}\" is no HTTP matcher: give codes from 200 to 499, such as 200, 200,302 or 200-299."
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
    error_message = "dns_routing_policy \"${var.dns_routing_policy}\" is unknown: give simple or weighted."
  }
}

variable "dns_set_identifier" {
  description = "What tells this load balancer's weighted records from the others'; needed with the weighted policy."
  type        = string
  default     = null

  validation {
    condition     = var.dns_set_identifier == null ? true : length(var.dns_set_identifier) >= 1 && length(var.dns_set_identifier) <= 128
    error_message = "dns_set_identifier \"${coalesce(var.dns_set_identifier, "null")}\" must have 1 to 128 characters."
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
    error_message = "replication_region \"${coalesce(var.replication_region, "null")}\" is no region, such as us-east-1."
  }
}

variable "alb_access_log_athena_enabled" {
  description = "Whether to make a Glue table over the access logs and an Athena workgroup to query it."
  type        = bool
  default     = false
  nullable    = false
}
