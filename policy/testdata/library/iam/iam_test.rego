package terraform.iam

mock = {"resource_changes": [{"address": "aws_iam_policy.a", "type": "aws_iam_policy", "change": {"after": {"policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"*\"]}]}"}}}]}

test_everything_is_denied {
  deny["aws_iam_policy.a allows everything"] with input as mock
}

test_unknown_policy_is_not_judged {
  count(deny) == 0 with input as {"resource_changes": [{"address": "aws_iam_policy.a", "type": "aws_iam_policy", "change": {"after": {}}}]}
}
