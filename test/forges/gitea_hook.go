package forges

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Gitea signs with it as well
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"strings"
)

// giteaWeb is the address of the forge in deliveries, which belong to no request.
const giteaWeb = "http://gitea.example"

// Delivery is the webhook by which Gitea tells of an event, signed with a secret; ok is false for what it does not tell of.
// It also carries GitHub's names of the headers, as Gitea's do.
func (g *Gitea) Delivery(e Event, secret string) (header http.Header, body []byte, ok bool) {
	r, _ := g.w.Repo(e.Repo)
	if r == nil {
		return nil, nil, false
	}
	c := &giteaCall{call: &call{w: g.w, web: giteaWeb, api: giteaWeb + giteaPrefix, repo: r}, doer: e.By, bases: &g.bases}
	kind, name, payload := c.tell(e)
	if payload == nil {
		return nil, nil, false
	}
	payload["repository"], payload["sender"] = c.repository(r), c.user(e.By)
	body, _ = json.Marshal(payload) // plain values
	return giteaHeaders(kind, name, body, secret), body, true
}

func giteaHeaders(kind, name string, body []byte, secret string) http.Header {
	sign := func(h func() hash.Hash) string {
		mac := hmac.New(h, []byte(secret))
		mac.Write(body)
		return hex.EncodeToString(mac.Sum(nil))
	}
	digest := sha256.Sum256(body)
	id := hex.EncodeToString(digest[:16])
	h := http.Header{"Content-Type": {"application/json"}}
	for _, brand := range []string{"Gitea", "Gogs", "GitHub"} {
		h.Set("X-"+brand+"-Delivery", id)
		h.Set("X-"+brand+"-Event", kind)
		h.Set("X-"+brand+"-Event-Type", name)
	}
	h.Set("X-Gitea-Signature", sign(sha256.New))
	h.Set("X-Gogs-Signature", sign(sha256.New))
	h.Set("X-Hub-Signature", "sha1="+sign(sha1.New))
	h.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New))
	return h
}

// tell returns the event as Gitea calls it, its finer name, and what it says; nil = nothing.
func (c *giteaCall) tell(e Event) (kind, name string, payload object) {
	switch e.Kind {
	case "push":
		return c.tellPush(e)
	case "issues", "pull_request", "issue_comment", "pull_request_review":
	default: // Gitea has no checks
		return "", "", nil
	}
	i, err := c.repo.Issue(e.Number)
	if err != nil { // deleted since
		return "", "", nil
	}
	payload = object{"action": giteaAction(e.Action), "number": e.Number}
	switch e.Kind {
	case "issue_comment":
		return c.tellComment(e, i, payload)
	case "pull_request_review":
		payload["action"], payload["pull_request"] = "reviewed", c.pull(i, false)
		return "pull_request_comment", "pull_request_review_comment", payload
	case "pull_request":
		payload["pull_request"], payload["commit_id"] = c.pull(i, false), e.Commit
		name = "pull_request"
		if e.Action == "synchronize" {
			name = "pull_request_sync"
		}
		return "pull_request", name, payload
	}
	payload["issue"] = c.issue(i)
	return "issues", "issues", payload
}

func (c *giteaCall) tellPush(e Event) (kind, name string, payload object) {
	if e.Commit == "" {
		return "delete", "delete", object{"ref": e.Branch, "ref_type": "branch", "pusher_type": "user"}
	}
	none := strings.Repeat("0", 40)
	return "push", "push", object{
		"ref": "refs/heads/" + e.Branch, "before": cmp.Or(e.Before, none), "after": e.Commit, "pusher": c.user(e.By),
		"compare_url": fmt.Sprintf("%s/%s/compare/%s...%s", c.web, c.repo.Info().Path(), cmp.Or(e.Before, none), e.Commit),
		"commits":     []object{{"id": e.Commit}}, "total_commits": 1, "head_commit": object{"id": e.Commit},
	}
}

// tellComment says what the comment is now; of a deleted one, only which it was.
func (c *giteaCall) tellComment(e Event, i Issue, payload object) (kind, name string, _ object) {
	m, err := c.repo.CommentByID(e.Comment)
	if err != nil {
		m = Comment{ID: e.Comment, Number: e.Number, Author: e.By, Created: e.At, Updated: e.At}
	}
	payload["issue"], payload["comment"], payload["is_pull"] = c.issue(i), c.comment(m), i.Pull != nil
	if i.Pull != nil {
		return "issue_comment", "pull_request_comment", payload
	}
	return "issue_comment", "issue_comment", payload
}

// giteaAction is Gitea's word for an action. Drafts are titles there, so that one made ready was edited.
func giteaAction(action string) string {
	switch action {
	case "synchronize":
		return "synchronized"
	case "converted_to_draft", "ready_for_review":
		return "edited"
	}
	return action
}
