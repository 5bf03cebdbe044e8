package forges

import (
	"fmt"
	"net/http"
)

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
	if rules.protected() {
		shown["protected"], shown["required_approvals"], shown["enable_status_check"] = true, rules.Reviews, len(rules.Contexts) > 0
		shown["status_check_contexts"] = append([]string{}, rules.Contexts...)
		shown["user_can_push"] = false
		if c.repo.Permission(c.doer) >= Admin {
			shown["effective_branch_protection_name"] = name
		}
	}
	return ok(shown)
}

// giteaGetProtection shows a rule to administrators. Rules have the names of their branches here.
func giteaGetProtection(c *giteaCall) reply {
	p := c.repo.ProtectionOf(c.PathValue("name"))
	switch {
	case c.repo.Permission(c.doer) < Admin:
		return c.refuse(http.StatusForbidden, "user should be an owner or a collaborator with admin write of a repository")
	case !p.protected():
		return c.notFound()
	}
	return ok(object{
		"branch_name": c.PathValue("name"), "rule_name": c.PathValue("name"), "required_approvals": p.Reviews, "ignore_stale_approvals": p.Fresh,
		"enable_status_check": len(p.Contexts) > 0, "status_check_contexts": append([]string{}, p.Contexts...),
		"block_on_rejected_reviews": p.Rejected, "block_on_official_review_requests": p.Asked, "block_on_outdated_branch": p.Strict,
	})
}
