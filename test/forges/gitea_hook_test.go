package forges

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"code.gitea.io/sdk/gitea"
)

func TestGiteaDelivers(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t)
	g := w.Gitea()
	n := topic(t, r, "one")
	must[string](t)(r.Commit("bob", "one", "more", map[string]string{"x.tf": "x"}))
	must[int64](t)(r.Comment("ada", n, "driftless plan"))
	must[int64](t)(r.Review("ada", n, "APPROVED", ""))
	if err := r.DeleteBranch("bob", "one"); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range w.Events() {
		header, body, ok := g.Delivery(e, "secret")
		if !ok {
			t.Errorf("nothing is told of %+v", e)
			continue
		}
		var payload struct {
			Action     string
			Repository struct {
				FullName string `json:"full_name"`
			}
		}
		if err := json.Unmarshal(body, &payload); err != nil || payload.Repository.FullName != "acme/infra" {
			t.Errorf("%s: %v", body, err)
		}
		if good, err := gitea.VerifyWebhookSignature("secret", header.Get("X-Gitea-Signature"), body); !good || err != nil {
			t.Errorf("signature: %v %v", good, err)
		}
		told = append(told, strings.Trim(header.Get("X-Gitea-Event-Type")+" "+payload.Action, " "))
	}
	want := "push, push, pull_request opened, push, pull_request_sync synchronized, pull_request_comment created, " +
		"pull_request_review_comment reviewed, delete, pull_request closed"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("told of\n%s\nwant\n%s", got, want)
	}
	if _, _, ok := g.Delivery(Event{Kind: "check_run", Repo: "acme/infra"}, "secret"); ok {
		t.Error("Gitea tells of a check run")
	}
}

// A driver's POST to the old name of a repository arrives as a GET of the new one.
func TestGiteaRedirectsTheOldName(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t)
	server := httptest.NewServer(w.Gitea())
	t.Cleanup(server.Close)
	n := topic(t, r, "one")
	if err := r.Rename("acme/cloud"); err != nil {
		t.Fatal(err)
	}
	client := must[*gitea.Client](t)(gitea.NewClient(server.URL, gitea.SetToken(w.AddToken(Token{Login: "ada"}))))
	_, resp, err := client.CreateIssueComment("acme", "infra", int64(n), gitea.CreateIssueCommentOption{Body: "lost"})
	if err == nil || resp.StatusCode != http.StatusOK || len(r.CommentsOf(n)) != 0 {
		t.Errorf("answered %v, %v; %d comments", resp, err, len(r.CommentsOf(n)))
	}
}
