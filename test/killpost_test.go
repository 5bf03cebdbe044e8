package test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
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
