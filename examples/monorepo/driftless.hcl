discovery {
  exclude = ["attic/**"]
}

defaults {
  dirs  = ["apps/**"]
  owner = "apps-team"
}

workspace "platform" {
  owner = "platform-team"
}

# One directory, two workspaces: each with variables and a state of its own.
workspace "dev" {
  dir        = "apps/api"
  var_files  = ["dev.tfvars"]
  depends_on = ["platform"]
  labels     = { env = "dev" }
}

workspace "prod" {
  dir        = "apps/api"
  var_files  = ["prod.tfvars"]
  depends_on = ["platform", "apps/api@dev"]
  labels     = { env = "prod" }
  apply      = "manual"
}

workspace "apps/web" {
  depends_on = ["apps/api@dev"]
  watch      = ["shared/**"]
}
