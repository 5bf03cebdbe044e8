terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}

provider "cloud" {}

module "network" {
  source = "../modules/network"

  name  = "shop"
  cidr  = "10.20.0.0/16"
  owner = "platform-team"
}

output "network_id" {
  value = module.network.id
}
