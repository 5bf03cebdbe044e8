terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}

provider "cloud" {}

module "shop" {
  source = "../../modules/service"

  env           = "staging"
  owner         = "shop-team"
  public_assets = true
}

output "addresses" {
  value = module.shop.addresses
}
