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

variable "target_port" {
  type = number
}

variable "interval" {
  type = number
}

variable "backend_subnets" {
  type = list(string)
}

variable "image_id" {
  type = string
}

variable "user_data" {
  type = string
}

variable "tags" {
  type = map(string)
}

variable "public_key" {
  type = string
}
