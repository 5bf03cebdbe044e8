package shop.buckets_test

import data.shop.buckets

bucket(after) := {"resource_changes": [{
	"address": "cloud_bucket.b",
	"type": "cloud_bucket",
	"change": {"actions": ["update"], "after": after},
}]}

test_public_bucket_is_denied if {
	some result in buckets.deny with input as bucket({"public": true})
	result.resource == "cloud_bucket.b"
}

test_private_bucket_passes if {
	count(buckets.deny) == 0 with input as bucket({"public": false})
}

test_deleted_bucket_passes if {
	count(buckets.deny) == 0 with input as bucket(null)
}
