package test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
)

// TestForgeIsAway: while the forge takes nothing (429), and then answers nothing (5xx), work goes on as far as it can, what was known
// stays visible and people are told. When it is back everything is seen and shown, once.
func TestForgeIsAway(t *testing.T) {
	t.Parallel()
	h := newHub(t, "gitea", map[string]string{"app/main.tf": idle})
	stop := h.serve()
	n := h.open("more", map[string]string{"app/main.tf": strings.Replace(idle, "count = 0", "count = 1", 1)})
	h.await(patience, func() string { return h.lacks(n, "1 create") })

	h.forge.LimitWrites(1_000_000, 2*time.Second)
	_, err := h.repo.Commit("ada", "more", "More", map[string]string{"app/main.tf": strings.Replace(idle, "count = 0", "count = 2", 1)})
	h.must(err)
	h.await(patience, func() string { return h.unseen("too many requests") })
	if missing := h.lacks(n, "1 create"); missing != "" {
		t.Error(missing)
	}

	h.forge.LimitWrites(0, 0)
	h.forge.SetFaults(forges.Faults{Every: 1})
	command, err := h.repo.Comment("ben", n, "driftless plan")
	h.must(err)
	h.await(patience, func() string { return h.unseen(" 50") })
	if says := h.driftless("repositories"); !strings.Contains(says, " 50") {
		t.Errorf("repositories says: %s", says)
	}
	if says := h.driftless("workspaces"); !strings.Contains(says, "Synced") {
		t.Errorf("what was known is not shown: %s", says)
	}

	h.forge.SetFaults(forges.Faults{})
	h.await(patience, func() string {
		if waiting := h.waiting(); len(waiting) > 0 {
			return fmt.Sprintf("%+v", waiting)
		} else if plan := h.runs("infra//app", runner.PurposePlan)[0]; plan.Commit != h.head(n) || plan.Status != runner.Ready {
			return fmt.Sprintf("the newest commit is not planned: %+v", plan)
		} else if state := h.state(h.head(n), "driftless/plan"); state != "success" {
			return "the status is " + state
		}
		return h.lacks(n, "2 create")
	})
	stop(syscall.SIGTERM)
	if ours := h.ours(n); len(ours) != 1 {
		t.Errorf("%d comments: %+v", len(ours), ours)
	}
	h.must(h.view(func(tx runner.Tx) error {
		if c, err := tx.Command("infra", command); err != nil || c.Author != "ben" {
			t.Errorf("the command: %+v, %v", c, err)
		}
		return nil
	}))
}

// lacks is what the comments of driftless on a pull request do not say.
func (h *hub) lacks(n int, text string) string {
	ours := h.ours(n)
	for _, c := range ours {
		if strings.Contains(c.Body, text) {
			return ""
		}
	}
	return fmt.Sprintf("no comment says %q: %+v", text, ours)
}

// unseen is why the last poll failed, where that is not what it should say.
func (h *hub) unseen(why string) (missing string) {
	h.must(h.view(func(tx runner.Tx) error {
		rec, err := tx.Repository("infra")
		if err == nil && !strings.Contains(rec.Error, why) {
			missing = "the last poll failed because of: " + rec.Error
		}
		return err
	}))
	return missing
}
