module "label" {
  source = "../modules/label"
  parts  = ["platform", "shared"]
}

resource "terraform_data" "platform" {
  input = module.label.id
}

output "id" {
  value = terraform_data.platform.output
}
