package forges

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// githubWeb is the address of the forge in deliveries, which belong to no request.
const githubWeb = "https://github.example"

// Delivery is the webhook by which GitHub tells of an event, signed with a secret; ok is false for what it does not tell of.
// It is held against GitHub's description as answers are.
func (g *GitHub) Delivery(e Event, secret string) (header http.Header, body []byte, ok bool) {
	r, _ := g.w.Repo(e.Repo)
	if r == nil {
		return nil, nil, false
	}
	c := &call{w: g.w, web: githubWeb, api: githubWeb + githubPrefix, repo: r}
	payload := c.payload(e)
	if payload == nil {
		return nil, nil, false
	}
	payload["repository"] = c.repoJSON(r)
	if payload["sender"] = c.userJSON(e.By); e.By == "" {
		payload["sender"] = c.userJSON(r.Info().Owner)
	}
	if e.Action != "" {
		payload["action"] = e.Action
	}
	body, _ = json.Marshal(payload) // plain values
	g.hold(e, body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	digest := sha256.Sum256(fmt.Appendf(nil, "%+v", e)) // delivered once more, it is the same
	header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/1"}}
	header.Set("X-GitHub-Event", e.Kind)
	header.Set("X-GitHub-Delivery", hex.EncodeToString(digest[:16]))
	header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return header, body, true
}

// hold holds a delivery against the description, as far as that has it.
func (g *GitHub) hold(e Event, body []byte) {
	d, err := describe(GitHubDescription)
	if err == nil {
		err = d.checkHook(strings.TrimSuffix("webhook-"+strings.ReplaceAll(e.Kind+"-"+e.Action, "_", "-"), "-"), body)
	}
	if err != nil {
		g.w.violation(err.Error())
	}
}

// payload is what a delivery says, without what all say; nil = nothing is told.
func (c *call) payload(e Event) object {
	switch e.Kind {
	case "push":
		return c.pushJSON(e)
	case "check_run":
		k, err := c.repo.Check(e.Check)
		if err != nil {
			return nil
		}
		return object{"check_run": c.checkJSON(k)}
	}
	i, err := c.repo.Issue(e.Number)
	if err != nil { // deleted since
		return nil
	}
	o := object{}
	if e.Action == "edited" {
		o["changes"] = object{}
	}
	switch e.Kind {
	case "issues":
		o["issue"] = c.issueJSON(c.repo, i)
		return o
	case "issue_comment":
		m, err := c.repo.CommentByID(e.Comment)
		if err != nil {
			m = Comment{ID: e.Comment, Number: e.Number, Author: e.By, Created: e.At, Updated: e.At}
		}
		o["issue"], o["comment"] = c.issueJSON(c.repo, i), c.commentJSON(c.repo, m)
		return o
	}
	o["number"], o["pull_request"] = e.Number, c.fullPullJSON(c.repo, i, false, false)
	switch {
	case e.Action == "synchronize":
		o["before"], o["after"] = cmp.Or(e.Before, e.Commit), e.Commit
	case e.Kind == "pull_request_review" && len(i.Pull.Reviews) > 0:
		o["review"] = c.reviewJSON(i, i.Pull.Reviews[len(i.Pull.Reviews)-1])
	}
	return o
}

func (c *call) pushJSON(e Event) object {
	none := strings.Repeat("0", 40)
	before, after := cmp.Or(e.Before, none), cmp.Or(e.Commit, none)
	return object{
		"ref": "refs/heads/" + e.Branch, "before": before, "after": after, "created": e.Before == "", "deleted": e.Commit == "", "forced": false,
		"base_ref": nil, "compare": c.web + "/" + e.Repo + "/compare/" + before + "..." + after, "commits": []any{}, "head_commit": nil,
		"pusher": object{"name": cmp.Or(e.By, "somebody"), "email": email(cmp.Or(e.By, "somebody"))},
	}
}
