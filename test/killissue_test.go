package test

import (
	"os"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
)

// TestKilledBetweenAnIssueAndItsRecord kills driftless when an issue about drift was opened, closed, opened again or commented on,
// and driftless does not know it yet: there is one issue, with each remark once.
func TestKilledBetweenAnIssueAndItsRecord(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, kind, map[string]string{"app/main.tf": idle})
			h.pass()
			world := h.path("world") // what the workspace reads, and somebody changes
			h.must(os.WriteFile(world, []byte("as it was"), 0o600))
			n := h.open("more", map[string]string{"app/more.tf": "resource \"terraform_data\" \"more\" {\n  input = file(\"" + world + "\")\n}\n"})
			h.pass()
			_, err := h.repo.MergePull(n, forges.Squash, "ben")
			h.must(err)
			h.pass()
			h.newest("infra//app", runner.PurposeApply, runner.Applied)

			for _, step := range []struct {
				world, path string // what is there now, and what is answered no more
				open        bool
				remarks     int
			}{
				{"changed", "/issues", true, 0},
				{"as it was", "/issues/2", false, 1},
				{"changed", "/2/comments", true, 2},
				{"as it was", "/2/comments", false, 3},
				{"changed", "/issues/2", true, 4},
			} {
				h.must(os.WriteFile(world, []byte(step.world), 0o600))
				h.driftless("drift", "--check")
				h.killAfter(step.path, func() bool {
					issue, err := h.repo.Issue(2)
					return err == nil && issue.Open == step.open && (step.path != "/2/comments" || len(h.ours(2)) == step.remarks)
				})
				h.pass()
				h.checkIssue(step.open, step.remarks)
			}
		})
	}
}

// checkIssue wants one issue about drift, with so many remarks of driftless, all different.
func (h *hub) checkIssue(open bool, remarks int) {
	h.t.Helper()
	issues := h.repo.Issues()
	if len(issues) != 2 { // and the pull request
		h.t.Fatalf("%d issues: %+v", len(issues), issues)
	}
	issue, err := h.repo.Issue(2)
	h.must(err)
	marks := map[string]bool{}
	for _, c := range h.ours(2) {
		marks[c.Body[strings.LastIndex(c.Body, "<!--"):]] = true
	}
	if issue.Open != open || len(marks) != remarks || len(h.ours(2)) != remarks {
		h.t.Errorf("the issue is open: %v; its comments: %+v", issue.Open, h.ours(2))
	}
	if posts := h.waiting(); len(posts) > 0 {
		h.t.Errorf("waits: %+v", posts)
	}
}
