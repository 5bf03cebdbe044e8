output "addresses" {
  value = cloud_server.web[*].ip
}

output "root_passwords" {
  value     = cloud_server.web[*].root_password
  sensitive = true
}
