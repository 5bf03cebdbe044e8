package forges

import (
	"encoding/json"
	"testing"
)

// TestGitHubDelivers lets everything happen that a webhook tells of: Check tells what of the deliveries is not as described.
func TestGitHubDelivers(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t)
	head := must[string](t)(r.Commit("ada", "topic", "x", map[string]string{"x.tf": "x"}))
	n := must[int](t)(r.Open("ada", "topic", "", "X", OpenOptions{Draft: true}))
	k := must[Check](t)(r.PutCheck(Check{Commit: head, Name: "plan", App: must[App](t)(w.AddApp("driftless", nil)).Slug, Status: "completed", Conclusion: "failure"}))
	id := must[int64](t)(r.Comment("ada", n, "driftless plan"))
	must[int64](t)(r.Review("bob", n, "APPROVED", "Good"))
	must[string](t)(r.Commit("ada", "topic", "y", map[string]string{"y.tf": "y"}))
	must[int](t)(r.OpenIssue("ada", "Drift", ""))
	for _, err := range []error{
		r.SetDraft("ada", n, false), r.EditComment("ada", id, "driftless apply"), r.Rerun("ada", k.ID), r.EditTitle("ada", n, "Y"), r.Close("ada", n), r.Reopen("ada", n),
		r.DeleteBranch("ada", "topic"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	told := map[string]bool{}
	for _, e := range w.Events() {
		header, body, ok := w.GitHub().Delivery(e, "secret")
		var payload struct {
			Action     string
			Repository struct {
				FullName string `json:"full_name"`
			}
		}
		if err := json.Unmarshal(body, &payload); err != nil || !ok || payload.Repository.FullName != "acme/infra" {
			t.Errorf("%+v: %s: %v", e, body, err)
		}
		told[header.Get("X-GitHub-Event")+" "+payload.Action] = true
	}
	for _, want := range []string{"push ", "pull_request opened", "pull_request synchronize", "pull_request ready_for_review", "pull_request edited", "pull_request closed",
		"pull_request reopened", "issue_comment created", "issue_comment edited", "pull_request_review submitted", "issues opened", "check_run rerequested"} {
		if !told[want] {
			t.Errorf("%s was not told of", want)
		}
	}
}
