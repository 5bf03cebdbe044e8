# Every root module here is found by itself; this file says what is special about them.

defaults {
  owner     = "shop-team"
  freshness = "24h"
}

defaults {
  dirs   = ["staging/**"]
  labels = { env = "staging" }
}

defaults {
  dirs   = ["production/**"]
  labels = { env = "production" }
}

workspace "network" {
  owner  = "platform-team"
  labels = { env = "shared" }

  drift {
    schedule = "0 */6 * * *"
  }
}

# What somebody changes by hand in staging is put back without asking.
workspace "staging/shop" {
  depends_on = ["network"]

  drift {
    schedule  = "*/30 * * * *"
    reconcile = true
  }
}

# In production a person decides.
workspace "production/shop" {
  depends_on = ["network"]

  drift {
    schedule = "*/10 * * * *"
  }
}

policy "shop" {
  path = "policies"
}
