# A production database goes only when somebody destroys the whole workspace, and says so.
package shop.databases

deny contains result if {
	input.driftless.workspace.labels.env == "production"
	not destroying
	some change in input.resource_changes
	change.type == "cloud_database"
	"delete" in change.change.actions
	result := {
		"msg": sprintf("%s: the plan would delete a production database", [change.address]),
		"resource": change.address,
	}
}

destroying if input.driftless.run.purpose == "destroy"
