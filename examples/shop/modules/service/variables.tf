variable "env" {
  type = string
}

variable "owner" {
  type = string
}

variable "network" {
  description = "Name of the network that the servers are in."
  type        = string
  default     = "shop"
}

variable "servers" {
  type    = number
  default = 1
}

variable "size" {
  type    = string
  default = "small"
}

variable "public_assets" {
  type    = bool
  default = false
}

variable "database_gb" {
  description = "Size of the database; null for none."
  type        = number
  default     = null
}
