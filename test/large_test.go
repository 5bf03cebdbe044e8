package test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/test/forges"
)

// The size of a large pull request. Few of its workspaces are planned by a real engine; for the others there is none, so
// that it is driftless and the forge that the time goes into.
const (
	largeDirs  = 300
	largeFiles = 10 // in each
	largeReal  = 4
	remarked   = 60 // resources of the first one that policy remarks on
)

// remarks is a policy that has something to say of every resource.
const remarks = `package rules

import rego.v1

warn contains {"msg": "it has no owner", "resource": change.address} if some change in input.resource_changes
`

// TestLargePullRequest opens a pull request of 3,000 files in 300 workspaces: all of them are reported, in comments that the
// forge takes, with statuses of the whole and all that policy remarks on lines, in few requests. When the next commit touches
// two of them, no comment is left over.
func TestLargePullRequest(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, kind, map[string]string{"README.md": "All of us.\n", "driftless.hcl": "policy \"rules\" {\n  path = \"policies\"\n}\n", "policies/rules.rego": remarks})
			if kind == "github" {
				h.must(signInAsApp(nil, h.story, nil))
			}
			files := large()
			n := h.open("large", files)
			stop := h.serve()
			h.await(5*patience, h.told(n, "failure")) // three hundred plans
			h.checkLarge(n)
			maps.DeleteFunc(files, func(name, _ string) bool {
				return strings.HasPrefix(name, largeDir(0)+"/") || strings.HasPrefix(name, largeDir(1)+"/")
			})
			for name := range files {
				files[name] = ""
			}
			_, err := h.repo.Commit("ada", "large", "Two are enough", files)
			h.must(err)
			h.await(patience, h.told(n, "success"))
			stop(syscall.SIGTERM)
			h.checkSmaller(n)
		})
	}
}

func largeDir(i int) string {
	return fmt.Sprintf("teams/team-%02d/environments/workspace-%03d", i%20, i)
}

// large are the files of a large pull request.
func large() map[string]string {
	files := map[string]string{}
	for i := range largeDirs {
		main := idle
		if i >= largeReal {
			main = noEngine + idle
		}
		files[largeDir(i)+"/main.tf"] = main
		for k := 1; k < largeFiles; k++ {
			files[fmt.Sprintf("%s/part%d.tf", largeDir(i), k)] = fmt.Sprintf("locals {\n  part%d = %d\n}\n", k, i)
		}
	}
	for i := range remarked {
		files[largeDir(0)+"/part1.tf"] += fmt.Sprintf("resource \"terraform_data\" \"r%d\" {}\n", i)
	}
	return files
}

// told waits until the forge shows all there is to tell of the plans of a pull request.
func (h *hub) told(n int, plan string) func() string {
	return func() string {
		head := h.head(n)
		if state := h.state(head, "driftless/plan"); state != plan {
			return "the plan's status is " + state
		}
		for i, c := range h.ours(n) {
			if !strings.Contains(c.Body, "head="+head) {
				return fmt.Sprintf("comment %d is of another commit", i+1)
			}
		}
		if posts := h.waiting(); len(posts) > 0 {
			return fmt.Sprintf("%d posts wait, such as %s %s: %s", len(posts), posts[0].Kind, posts[0].Key, posts[0].Error)
		}
		return ""
	}
}

// mostWrites is how often a large pull request may write to the forge: the comments twice over, statuses, a check run. It
// has room for a slow machine, on which progress is shown meanwhile; one write for each workspace it has not.
const mostWrites = 60

// writes are the requests that changed something at the forge.
func (h *hub) writes() (n int) {
	for _, r := range h.forge.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

func (h *hub) checkLarge(n int) {
	h.t.Helper()
	ours, all := h.ours(n), ""
	for i, c := range ours {
		if all += c.Body; !strings.Contains(c.Body, fmt.Sprintf("page %d of %d", i+1, len(ours))) {
			h.t.Errorf("comment %d of %d does not say that it is", i+1, len(ours))
		}
	}
	if len(ours) < 2 {
		h.t.Errorf("%d comments", len(ours))
	}
	if writes := h.writes(); writes > mostWrites {
		h.t.Errorf("%d requests that write", writes)
	}
	for i := range largeDirs {
		row, section := fmt.Sprintf("| `%s` | **failed** |", largeDir(i)), fmt.Sprintf("<code>%s</code>: failed", largeDir(i))
		switch {
		case i == 0:
			row, section = fmt.Sprintf("| `%s` | +%d create | warns (%[2]d) |", largeDir(i), remarked), fmt.Sprintf("<code>%s</code>: +%d create", largeDir(i), remarked)
		case i < largeReal:
			row, section = "3 workspaces unchanged", largeDir(i)
		}
		if strings.Count(all, row) != 1 || !strings.Contains(all, section) {
			h.t.Errorf("%s is not told of as %q and %q", largeDir(i), row, section)
		}
	}
	if statuses := h.repo.Statuses(h.head(n)); len(statuses) != 3 {
		h.t.Errorf("%d statuses: %+v", len(statuses), statuses)
	}
	h.checkRemarks(n)
}

// checkRemarks wants what policy remarks on the lines of a pull request, where there are check runs.
func (h *hub) checkRemarks(n int) {
	h.t.Helper()
	if h.hosted.kind != "github" {
		return
	}
	checks := h.repo.Checks(h.head(n))
	i := slices.IndexFunc(checks, func(c forges.Check) bool { return c.Name == "driftless" })
	if i < 0 || len(checks[i].Annotations) != remarked {
		h.t.Errorf("the check run does not have %d annotations: %d %+v", remarked, i, checks)
	}
}

func (h *hub) checkSmaller(n int) {
	h.t.Helper()
	ours := h.ours(n)
	if len(ours) != 1 || !strings.Contains(ours[0].Body, largeDir(0)) || strings.Contains(ours[0].Body, largeDir(2)) {
		h.t.Errorf("%d comments:\n%+v", len(ours), ours)
	}
	h.checkRemarks(n)
}
