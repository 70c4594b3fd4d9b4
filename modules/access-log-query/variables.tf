variable "service_name" {
  description = "Name of the service whose access logs are queried."
  type        = string
}

variable "bucket_name" {
  description = "Name of the access log bucket."
  type        = string
}

variable "account_id" {
  description = "Account of the load balancer."
  type        = string
}

variable "region" {
  description = "Region of the load balancer."
  type        = string
}

variable "force_destroy" {
  description = "Whether query results and the workgroup's history are deleted with the stack."
  type        = bool
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}
