package test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces"
)

// TestKilledBetweenThePostAndItsRecord kills driftless when the forge did what it was asked and driftless does not know it
// yet: nothing is posted, and nothing merged, a second time.
func TestKilledBetweenThePostAndItsRecord(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"github", "gitea"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, kind, map[string]string{"app/main.tf": idle, "driftless.hcl": "defaults {\n  apply = \"before_merge\"\n}\n"})
			h.extra = "  automerge = \"squash\"\n"
			h.must(h.writeConfig())
			h.pass()
			n := h.open("more", map[string]string{"app/more.tf": "resource \"terraform_data\" \"more\" {}\n"})
			h.killAfter("/1/comments", func() bool { return len(h.ours(n)) == 1 })
			_, err := h.repo.Comment("ben", n, "driftless nonsense")
			h.must(err)
			h.killAfter("/1/comments", func() bool { return len(h.ours(n)) == 2 })
			h.pass()
			_, err = h.repo.Review("ben", n, "APPROVED", "")
			h.must(err)
			_, err = h.repo.Comment("ben", n, "driftless apply")
			h.must(err)
			h.killAfter("/1/merge", func() bool { return h.merged(n) })
			h.await(patience, func() string {
				h.pass()
				if posts := h.waiting(); len(posts) > 0 {
					return posts[0].Error
				}
				return ""
			})
			ours := h.ours(n)
			if len(ours) != 2 || !strings.Contains(ours[0].Body, "applied") || !strings.Contains(ours[1].Body, "nonsense") {
				t.Errorf("%d comments: %+v", len(ours), ours)
			}
			if commits, err := h.repo.Git("rev-list", "--count", "main"); err != nil || commits != "2" {
				t.Errorf("main has %s commits: %v", commits, err)
			}
			h.newest("infra//app", runner.PurposeApply, runner.Applied)
		})
	}
}

// merged reports whether a pull request is.
func (h *hub) merged(n int) bool {
	issue, err := h.repo.Issue(n)
	return err == nil && !issue.Pull.Merged.IsZero()
}

// killAfter lets driftless work at a forge that does not answer what is posted to some path, and kills it when that had its
// effect.
func (h *hub) killAfter(path string, happened func() bool) {
	h.t.Helper()
	h.forge.SetFaults(forges.Faults{Mute: path})
	stop := h.serve()
	h.await(patience, func() string {
		if happened() {
			return ""
		}
		return "nothing was posted to " + path
	})
	stop(syscall.SIGKILL)
	h.forge.SetFaults(forges.Faults{})
}

// TestKilledBeforeTheReport kills driftless when what happened is on record and its report is not: the comment tells of it
// after the restart, though nothing moved since.
func TestKilledBeforeTheReport(t *testing.T) {
	t.Parallel()
	h := newHub(t, "gitea", map[string]string{"one/main.tf": idle, "two/main.tf": idle})
	h.pass()
	thing := "resource \"terraform_data\" \"more\" {}\n"
	for dir, kind := range map[string]string{"one": "applied", "two": "apply started"} {
		n := h.open(dir, map[string]string{dir + "/more.tf": thing})
		h.pass()
		_, err := h.repo.MergePull(n, forges.Squash, "ben")
		h.must(err)
		h.killAt(kind)
		h.pass()
		status := h.runs(workspaces.ID("infra//"+dir), runner.PurposeApply)[0].Status // it may have got past that moment
		if ours := h.ours(n); len(ours) != 1 || !strings.Contains(ours[0].Body, string(status)) {
			t.Errorf("killed at %q, the run is %s; the comments: %+v", kind, status, ours)
		}
	}
	n := h.open("three", map[string]string{"one/less.tf": "# less\n"})
	h.pass()
	h.must(h.repo.Close("ben", n))
	h.killAt("pull request closed")
	h.pass()
	if ours := h.ours(n); len(ours) != 1 || !strings.Contains(ours[0].Body, "Closed") {
		t.Errorf("the comments of the closed pull request: %+v", ours)
	}
}
