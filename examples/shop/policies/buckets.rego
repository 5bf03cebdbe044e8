# A bucket that everybody can read has never been what we wanted.
package shop.buckets

deny contains result if {
	some change in input.resource_changes
	change.type == "cloud_bucket"
	change.change.after.public
	result := {
		"msg": sprintf("%s: the bucket would be public; set public_assets = false", [change.address]),
		"resource": change.address,
	}
}
