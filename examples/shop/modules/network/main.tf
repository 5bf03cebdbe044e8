terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}

variable "name" {
  type = string
}

variable "cidr" {
  type = string
}

variable "owner" {
  type = string
}

resource "cloud_network" "this" {
  name = var.name
  cidr = var.cidr
  tags = { owner = var.owner }
}

output "id" {
  value = cloud_network.this.id
}
