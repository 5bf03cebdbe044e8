env      = "dev"
replicas = 1
