# Tags by which Vanta takes stock of resources.

variable "vanta_owner" {
  description = "E-mail address of the resources' owner in Vanta; tag VantaOwner. Null: no tag."
  type        = string
  default     = null
}

variable "vanta_production_environments" {
  description = "Environments that count as production; in all others the tag VantaNonProd is true."
  type        = list(string)
  default     = ["production", "prod"]
  nullable    = false
}

variable "vanta_contains_user_data" {
  description = "Whether the resources hold user data; tag VantaContainsUserData."
  type        = bool
  default     = false
  nullable    = false
}

variable "vanta_contains_ephi" {
  description = "Whether the resources hold electronic health records; tag VantaContainsEPHI."
  type        = bool
  default     = false
  nullable    = false
}

variable "vanta_description" {
  description = "What the resources are for; tag VantaDescription. Null: no tag."
  type        = string
  default     = null
}

variable "vanta_user_data_stored" {
  description = "What user data the resources hold; tag VantaUserDataStored. Null: no tag."
  type        = string
  default     = null
}

variable "vanta_no_alert" {
  description = "Why Vanta should raise no alert about the resources; tag VantaNoAlert. Null: no tag."
  type        = string
  default     = null
}
