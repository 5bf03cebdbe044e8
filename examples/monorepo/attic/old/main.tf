# Kept for reading; driftless.hcl excludes it.
resource "terraform_data" "old" {
  input = "old"
}
