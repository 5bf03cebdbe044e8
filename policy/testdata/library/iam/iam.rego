package terraform.iam

deny[msg] {
  r := input.resource_changes[_]
  r.type == "aws_iam_policy"
  document := json.unmarshal(r.change.after.policy)
  statement := document.Statement[_]
  statement.Effect == "Allow"
  any([re_match("^[*]$", action(statement))])
  msg := sprintf("%s allows everything", [r.address])
}

action(statement) = statement.Action { is_string(statement.Action) }

action(statement) = "*" { statement.Action[_] == "*" }
