package forges

import "fmt"

// giteaGetBranch shows a branch and what its protection asks for, which everybody who can read the repository may see.
func giteaGetBranch(c *giteaCall) reply {
	name := c.PathValue("branch")
	head := c.repo.Head(name)
	if head == "" {
		return c.notFound()
	}
	rules, writer := c.repo.ProtectionOf(name), c.repo.Permission(c.doer) >= Write
	shown := object{
		"name": name, "protected": false, "required_approvals": 0, "enable_status_check": false, "status_check_contexts": []string{},
		"user_can_push": writer, "user_can_merge": writer, "effective_branch_protection_name": "",
		"commit": object{"id": head, "url": fmt.Sprintf("%s/%s/commit/%s", c.web, c.repo.Info().Path(), head)},
	}
	if rules.Reviews > 0 || len(rules.Contexts) > 0 {
		shown["protected"], shown["required_approvals"], shown["enable_status_check"] = true, rules.Reviews, len(rules.Contexts) > 0
		shown["status_check_contexts"] = append([]string{}, rules.Contexts...)
		shown["user_can_push"] = false
		if c.repo.Permission(c.doer) >= Admin {
			shown["effective_branch_protection_name"] = name
		}
	}
	return ok(shown)
}
