package lib.plan

import input as tfplan

types[t] { t := tfplan.resource_changes[_].type }

deleted[r] {
  r := tfplan.resource_changes[_]
  r.change.actions[_] == "delete"
}

allowed[t] { t := data.lib.allowed_deletes[_] }
