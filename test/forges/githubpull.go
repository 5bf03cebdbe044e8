package forges

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (c *call) listPulls() reply {
	want, base, head := c.query("state", "open"), c.query("base", ""), c.query("head", "")
	list := slices.DeleteFunc(c.repo.Issues(), func(i Issue) bool {
		if i.Pull == nil || want != "all" && want != state(i.Open) || base != "" && base != i.Pull.Base {
			return true
		}
		owner, _, _ := strings.Cut(i.Pull.HeadRepo, "/")
		return head != "" && head != owner+":"+i.Pull.Head
	})
	direction := "desc"
	if s := c.query("sort", ""); s != "" && s != "created" {
		direction = "asc"
	}
	sorted(c, list, direction, func(i Issue) time.Time { return i.Created }, func(i Issue) time.Time { return i.Updated })
	return listed(c, list, func(i Issue) any { return c.pullJSON(c.repo, i) })
}

// pullJSON is a pull request as lists show it.
func (c *call) pullJSON(r *Repo, i Issue) object {
	p, path := i.Pull, r.Info().Path()
	url := fmt.Sprintf("%s/repos/%s/pulls/%d", c.api, path, i.Number)
	o := c.issueJSON(r, i)
	issue, web := o["url"].(string), o["html_url"].(string)
	for _, key := range []string{"comments", "performed_via_github_app", "reactions", "pull_request", "events_url", "labels_url", "repository_url"} {
		delete(o, key)
	}
	statuses := c.api + "/repos/" + path + "/statuses/" + p.HeadSHA
	for key, v := range (object{
		"id": i.ID, "node_id": nodeID("PullRequest", i.ID), "url": url, "draft": p.Draft, "merged_at": stamp(p.Merged),
		"diff_url": web + ".diff", "patch_url": web + ".patch", "issue_url": issue, "commits_url": url + "/commits", "comments_url": issue + "/comments",
		"review_comments_url": url + "/comments", "review_comment_url": url + "/comments{/number}", "statuses_url": statuses,
		"merge_commit_sha": filled(p.MergeCommit), "auto_merge": nil, "requested_reviewers": []any{}, "requested_teams": []any{},
		"head": c.endJSON(p.HeadRepo, p.Head, p.HeadSHA), "base": c.endJSON(path, p.Base, p.BaseSHA),
	}) {
		o[key] = v
	}
	links := object{}
	for name, to := range map[string]string{"self": url, "html": web, "issue": issue, "comments": issue + "/comments", "review_comments": url + "/comments",
		"review_comment": url + "/comments{/number}", "commits": url + "/commits", "statuses": statuses} {
		links[name] = object{"href": to}
	}
	o["_links"] = links
	return o
}

// endJSON is one end of a pull request. The repository is null when it was deleted.
func (c *call) endJSON(path, branch, commit string) object {
	owner, _, _ := strings.Cut(path, "/")
	o := object{"label": owner + ":" + branch, "ref": branch, "sha": commit, "user": c.userJSON(owner), "repo": nil}
	if r, _ := c.w.Repo(path); r != nil {
		o["repo"] = c.repoJSON(r)
	}
	return o
}

func (c *call) pull() (Issue, error) {
	i, err := c.repo.Issue(int(c.number("n")))
	if err == nil && i.Pull == nil {
		err = ErrNotFound
	}
	return i, err
}

func (c *call) getPull() reply {
	clean, known, err := c.repo.Mergeable(int(c.number("n")))
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	i, err := c.pull()
	if err != nil {
		return failed(err)
	}
	return ok(c.fullPullJSON(c.repo, i, clean, known))
}

// fullPullJSON is a pull request as it is shown alone.
func (c *call) fullPullJSON(r *Repo, i Issue, clean, known bool) object {
	o := c.pullJSON(r, i)
	o["merged"], o["merged_by"] = !i.Pull.Merged.IsZero(), c.userJSON(i.Pull.MergedBy)
	o["mergeable"], o["mergeable_state"], o["rebaseable"] = nil, "unknown", nil
	if known {
		o["mergeable"], o["mergeable_state"], o["rebaseable"] = clean, mergeState(r, i, clean), clean
	}
	o["comments"], o["review_comments"], o["commits"] = i.Comments, 0, 1
	o["additions"], o["deletions"], o["changed_files"], o["maintainer_can_modify"] = 1, 0, 1, false
	return o
}

// mergeState is GitHub's word for what is in the way of a merge.
func mergeState(r *Repo, i Issue, clean bool) string {
	switch {
	case !clean:
		return "dirty"
	case i.Pull.Draft:
		return "draft"
	}
	behind, _ := r.Behind(i.Number)
	switch {
	case behind && r.ProtectionOf(i.Pull.Base).Strict:
		return "behind"
	case r.Blocked(i.Number) != nil:
		return "blocked"
	}
	for _, s := range r.Statuses(i.Pull.HeadSHA) {
		if s.State != "success" {
			return "unstable"
		}
	}
	return "clean"
}

func (c *call) listReviews() reply {
	i, err := c.pull()
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return listed(c, i.Pull.Reviews, func(v Review) any { return c.reviewJSON(i, v) })
}

func (c *call) reviewJSON(i Issue, v Review) object {
	url := fmt.Sprintf("%s/repos/%s/pulls/%d", c.api, c.repo.Info().Path(), i.Number)
	web := fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-%d", c.web, c.repo.Info().Path(), i.Number, v.ID)
	return object{"id": v.ID, "node_id": nodeID("Review", v.ID), "user": c.userJSON(v.By), "body": v.Body, "state": v.State,
		"commit_id": v.Commit, "submitted_at": stamp(v.Submitted), "html_url": web, "pull_request_url": url,
		"author_association": c.association(c.repo, v.By), "_links": object{"html": object{"href": web}, "pull_request": object{"href": url}}}
}

func (c *call) mergePull() reply {
	in := struct {
		Title  string `json:"commit_title"`
		SHA    string `json:"sha"`
		Method Method `json:"merge_method"`
	}{Method: MergeCommit}
	if err := c.decode(&in); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	if _, err := c.pull(); err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	commit, err := c.repo.Merge(c.token.Login, int(c.number("n")), in.Method, in.SHA, in.Title)
	switch {
	case errors.Is(err, ErrConflict):
		return refuse(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	case err != nil:
		return failed(err)
	}
	return ok(object{"sha": commit, "merged": true, "message": "Pull Request successfully merged"})
}
