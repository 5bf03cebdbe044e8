package shop.databases_test

import data.shop.databases

plan(actions, env, purpose) := {
	"resource_changes": [{
		"address": "cloud_database.orders[0]",
		"type": "cloud_database",
		"change": {"actions": actions},
	}],
	"driftless": {"workspace": {"labels": {"env": env}}, "run": {"purpose": purpose}},
}

test_deletion_is_denied if {
	count(databases.deny) == 1 with input as plan(["delete"], "production", "plan")
}

test_replacement_is_denied if {
	count(databases.deny) == 1 with input as plan(["create", "delete"], "production", "apply")
}

test_update_passes if {
	count(databases.deny) == 0 with input as plan(["update"], "production", "plan")
}

test_staging_passes if {
	count(databases.deny) == 0 with input as plan(["delete"], "staging", "plan")
}

test_destroy_passes if {
	count(databases.deny) == 0 with input as plan(["delete"], "production", "destroy")
}
