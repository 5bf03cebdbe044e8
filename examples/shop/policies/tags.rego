# Whoever is called at night wants to know whose it is.
package shop.tags

warn contains result if {
	some change in input.resource_changes
	change.mode == "managed"
	startswith(change.type, "cloud_")
	some action in change.change.actions
	action in {"create", "update"}
	not change.change.after.tags.owner
	result := {
		"msg": sprintf("%s: there is no owner among its tags", [change.address]),
		"resource": change.address,
	}
}
