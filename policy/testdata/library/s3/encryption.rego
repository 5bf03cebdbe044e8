# METADATA
# title: Buckets are private and tagged
package terraform.s3

import rego.v1

import data.lib.plan

required := {"owner", "env"}

created contains r if {
	some r in input.resource_changes
	r.mode == "managed"
	r.type == "aws_s3_bucket"
	"create" in r.change.actions
}

deny contains msg if {
	some r in created
	r.change.after.acl in {"public-read", "public-read-write"}
	msg := sprintf("%s: bucket is public", [r.address])
}

warn contains {"msg": msg, "resource": r.address, "severity": "low"} if {
	some r in created
	missing := required - object.keys(object.get(r.change.after, "tags", {}))
	count(missing) > 0
	msg := sprintf("tags are missing: %s", [concat(", ", sort(missing))])
}
