terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}

provider "cloud" {}

module "shop" {
  source = "../../modules/service"

  env         = "production"
  owner       = "shop-team"
  servers     = 2
  size        = "large"
  database_gb = 20
}

output "addresses" {
  value = module.shop.addresses
}
