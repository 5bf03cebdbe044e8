package terraform.s3_test

import data.terraform.s3

mock := {"resource_changes": [{
	"address": "aws_s3_bucket.a", "mode": "managed", "type": "aws_s3_bucket",
	"change": {"actions": ["create"], "after": {"acl": "public-read", "tags": {"owner": "me"}}},
}]}

test_public if s3.deny["aws_s3_bucket.a: bucket is public"] with input as mock

test_tags if {
	some w in s3.warn with input as mock
	w.msg == "tags are missing: env"
}
