terraform {
  required_providers {
    cloud = { source = "driftless.local/driftless/cloud" }
  }
}

data "cloud_network" "shop" {
  name = var.network
}

data "cloud_image" "base" {
  family = "debian"
}

locals {
  name = "shop-${var.env}"
  tags = { owner = var.owner, env = var.env }
}

resource "cloud_server" "web" {
  count = var.servers

  name       = "${local.name}-${count.index + 1}"
  network_id = data.cloud_network.shop.id
  image      = data.cloud_image.base.id
  size       = var.size
  tags       = local.tags
}

resource "cloud_bucket" "assets" {
  name       = "${local.name}-assets"
  versioning = true
  public     = var.public_assets
  tags       = local.tags
}

resource "cloud_database" "orders" {
  count = var.database_gb == null ? 0 : 1

  name    = "${local.name}-orders"
  engine  = "postgres"
  size_gb = var.database_gb
  tags    = local.tags
}
