# The oldest file of the library: Rego v0, as conftest users wrote it for years.
package main

import data.lib.plan as tfplan

blacklist = [
  "google_iam",
  "google_container"
]

deny[msg] {
  changed = tfplan.types[_]
  startswith(changed, blacklist[_])
  msg = sprintf("Terraform plan will change prohibited resources in the following namespaces: %v", [changed])
}

violation_deletes[{"msg": msg, "details": {"address": r.address}}] {
  r := tfplan.deleted[_]
  not tfplan.allowed[r.type]
  msg := sprintf("%s is deleted", [r.address])
}

exception[rules] {
  input.driftless.workspace.labels.env == "sandbox"
  rules = ["deletes"]
}
