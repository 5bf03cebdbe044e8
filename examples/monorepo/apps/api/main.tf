variable "env" {
  type = string
}

variable "replicas" {
  type = number
}

module "app" {
  source = "../../modules/app"

  name     = "api"
  env      = var.env
  replicas = var.replicas
}

output "id" {
  value = module.app.id
}
