package shop.tags_test

import data.shop.tags

plan(mode, action, after) := {"resource_changes": [{
	"address": "cloud_server.web[0]",
	"mode": mode,
	"type": "cloud_server",
	"change": {"actions": [action], "after": after},
}]}

test_no_tags_warns if {
	count(tags.warn) == 1 with input as plan("managed", "create", {"tags": null})
}

test_other_tags_warn if {
	count(tags.warn) == 1 with input as plan("managed", "update", {"tags": {"env": "staging"}})
}

test_owner_passes if {
	count(tags.warn) == 0 with input as plan("managed", "create", {"tags": {"owner": "shop-team"}})
}

test_what_goes_needs_no_owner if {
	count(tags.warn) == 0 with input as plan("managed", "delete", null)
}

test_data_source_passes if {
	count(tags.warn) == 0 with input as plan("data", "read", {})
}
