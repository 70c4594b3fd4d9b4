variable "service_name" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "internal" {
  type = bool
}

variable "vpc_id" {
  type = string
}

variable "vpc_cidr" {
  type = string
}

variable "zone_id" {
  type = string
}

variable "hostnames" {
  type = list(string)
}

variable "assume_dns" {
  type = bool
}

variable "alarm_emails" {
  type = list(string)
}

variable "target_port" {
  type = number
}

variable "health_check_path" {
  type = string
}

variable "interval" {
  type = number
}

variable "ingress" {
  type = list(string)
}

variable "backend_subnets" {
  type = list(string)
}

variable "image_id" {
  type = string
}

variable "key_name" {
  type = string
}

variable "user_data" {
  type = string
}

variable "tags" {
  type = map(string)
}
