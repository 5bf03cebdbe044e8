resource "terraform_data" "report" {
  input = {
    schedule = trimspace(file("${path.module}/schedule.txt"))
    header   = trimspace(file("${path.module}/../../shared/header.txt"))
  }
}
