variable "name" {
  type = string
}

variable "env" {
  type = string
}

variable "replicas" {
  type    = number
  default = 1
}

module "label" {
  source = "../label"
  parts  = [var.name, var.env]
}

resource "terraform_data" "app" {
  input = {
    id       = module.label.id
    replicas = var.replicas
  }
}

output "id" {
  value = terraform_data.app.output.id
}
