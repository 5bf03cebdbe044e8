repository "infra" {
  url = "/srv/infra.git"
}
