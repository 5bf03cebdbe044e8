package forges

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// commitJSON is a commit of the repository.
func (c *call) commitJSON(commit string) any {
	out, err := c.repo.Git("show", "--no-patch", "--format=%T%n%P%n%an%n%ae%n%at%n%B", commit)
	parts := strings.SplitN(out, "\n", 6)
	if err != nil || len(parts) < 6 {
		return nil
	}
	base := c.api + "/repos/" + c.repo.Info().Path()
	url, parents := base+"/commits/"+commit, []any{}
	for p := range strings.FieldsSeq(parts[1]) {
		parents = append(parents, object{"sha": p, "url": base + "/commits/" + p})
	}
	seconds, _ := strconv.ParseInt(parts[4], 10, 64)
	who := object{"name": parts[2], "email": parts[3], "date": stamp(time.Unix(seconds, 0))}
	return object{
		"sha": commit, "node_id": "C_" + commit, "url": url, "html_url": c.web + "/" + c.repo.Info().Path() + "/commit/" + commit,
		"comments_url": url + "/comments", "parents": parents, "author": c.userJSON(parts[2]), "committer": c.userJSON(parts[2]),
		"commit": object{"url": base + "/git/commits/" + commit, "message": strings.TrimSpace(parts[5]), "author": who, "committer": who, "comment_count": 0,
			"tree": object{"sha": parts[0], "url": base + "/git/trees/" + parts[0]}},
	}
}

func (c *call) listCommits() reply {
	ref := c.query("sha", c.repo.Info().Branch)
	out, err := c.repo.Git("rev-list", "--end-of-options", ref)
	switch {
	case c.repo.Info().Empty:
		return refuse(http.StatusConflict, "Git Repository is empty.")
	case err != nil:
		return refuse(http.StatusNotFound, "Not Found")
	}
	return listed(c, strings.Fields(out), c.commitJSON)
}

// protected reports whether a branch has rules.
func (p Protection) protected() bool {
	return p.Strict || p.Reviews > 0 || len(p.Contexts) > 0 || p.Rejected || p.Asked
}

func (c *call) protectionURL() string {
	return c.api + "/repos/" + c.repo.Info().Path() + "/branches/" + c.PathValue("branch") + "/protection"
}

// getBranch shows everybody the required statuses of the older protection, and nothing else of it.
func (c *call) getBranch() reply {
	name := c.PathValue("branch")
	head, p := c.repo.Head(name), c.repo.ProtectionOf(name)
	if head == "" {
		return refuse(http.StatusNotFound, "Branch not found")
	}
	old, level := object{"enabled": p.protected() && !p.Ruleset}, "off"
	if p.Ruleset {
		p.Contexts = nil
	}
	if len(p.Contexts) > 0 {
		level = "non_admins"
	}
	old["required_status_checks"] = object{"enforcement_level": level, "contexts": append([]string{}, p.Contexts...), "checks": checksJSON(p.Contexts)}
	web := c.web + "/" + c.repo.Info().Path() + "/tree/" + name
	return ok(object{"name": name, "commit": c.commitJSON(head), "protected": p.protected(), "protection": old, "protection_url": c.protectionURL(),
		"_links": object{"self": strings.TrimSuffix(c.protectionURL(), "/protection"), "html": web}})
}

func checksJSON(contexts []string) []any {
	list := []any{}
	for _, name := range contexts {
		list = append(list, object{"context": name, "app_id": nil})
	}
	return list
}

func (c *call) getProtection() reply {
	p := c.repo.ProtectionOf(c.PathValue("branch"))
	if !p.protected() || p.Ruleset {
		return refuse(http.StatusNotFound, "Branch not protected")
	}
	o := object{"url": c.protectionURL(), "enforce_admins": object{"url": c.protectionURL() + "/enforce_admins", "enabled": false}}
	if p.Reviews > 0 {
		o["required_pull_request_reviews"] = object{"dismiss_stale_reviews": false, "require_code_owner_reviews": false, "required_approving_review_count": p.Reviews}
	}
	if len(p.Contexts) > 0 || p.Strict {
		o["required_status_checks"] = object{"url": c.protectionURL() + "/required_status_checks", "strict": p.Strict,
			"contexts": append([]string{}, p.Contexts...), "checks": checksJSON(p.Contexts)}
	}
	return ok(o)
}

// listRules shows the rules of a ruleset.
func (c *call) listRules() reply {
	p, list := c.repo.ProtectionOf(c.PathValue("branch")), []object{}
	rule := func(kind string, parameters object) {
		list = append(list, object{"type": kind, "parameters": parameters, "ruleset_id": 1, "ruleset_source": c.repo.Info().Path(), "ruleset_source_type": "Repository"})
	}
	if p.Ruleset && p.Reviews > 0 {
		rule("pull_request", object{"required_approving_review_count": p.Reviews, "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false,
			"require_last_push_approval": false, "required_review_thread_resolution": false})
	}
	if p.Ruleset && (p.Strict || len(p.Contexts) > 0) {
		checks := []any{}
		for _, name := range p.Contexts {
			checks = append(checks, object{"context": name})
		}
		rule("required_status_checks", object{"strict_required_status_checks_policy": p.Strict, "required_status_checks": checks})
	}
	return listed(c, list, func(o object) any { return o })
}
