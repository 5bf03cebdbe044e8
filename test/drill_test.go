package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/test/forges"
	"github.com/driftlessops/driftless/workspaces"
)

// TestDisasterDrill deletes the data directory of an installation that has applied things, and starts it again: from a backup, then
// from Git and the backends alone. Nothing is applied, and nobody is told anything twice.
func TestDisasterDrill(t *testing.T) {
	t.Parallel()
	h := newHub(t, "gitea", map[string]string{"README.md": "infra\n"})
	h.configure(fmt.Sprintf("\ndefaults {\n  variables = { made = %q }\n}\n", h.path("made")))
	files := map[string]string{}
	for _, dir := range []string{"kept", "one", "two"} {
		files[dir+"/main.tf"] = "variable \"made\" {\n  default = \"\"\n}\n"
		if dir != "kept" {
			files[dir+"/backend.tf"] = fmt.Sprintf("terraform {\n  backend \"local\" {\n    path = %q\n  }\n}\n", h.path(dir+".tfstate"))
		}
	}
	_, err := h.repo.Commit("ada", "main", "Workspaces", files)
	h.must(err)
	h.pass()
	merged := h.open("make", map[string]string{"kept/made.tf": making, "one/made.tf": making, "two/made.tf": making})
	h.pass()
	_, err = h.repo.MergePull(merged, forges.Squash, "ben")
	h.must(err)
	h.pass()
	n := h.open("more", map[string]string{"kept/more.tf": idle, "one/more.tf": strings.Replace(idle, "count = 0", "count = 1", 1)})
	_, err = h.repo.Comment("ben", n, "driftless nonsense")
	h.must(err)
	h.pass()
	h.driftless("backup", h.path("backup.db"))
	key, err := os.ReadFile(filepath.Join(h.dataDir(), "secret.key"))
	h.must(err)
	d := drill{hub: h, merged: merged, open: n, comments: map[int]int{merged: len(h.ours(merged)), n: len(h.ours(n))}}
	d.check("before", map[workspaces.ID]runner.Sync{"infra//kept": runner.Synced, "infra//one": runner.Synced, "infra//two": runner.Synced})
	if d.comments[n] != 2 || d.comments[merged] != 1 {
		t.Fatalf("comments: %v", d.comments)
	}

	d.start("from a backup", func() {
		h.must(os.Mkdir(h.dataDir(), 0o700))
		h.must(os.WriteFile(filepath.Join(h.dataDir(), "secret.key"), key, 0o600))
		h.driftless("restore", h.path("backup.db"))
	})
	d.check("from a backup", map[workspaces.ID]runner.Sync{"infra//kept": runner.Synced, "infra//one": runner.Synced, "infra//two": runner.Synced})

	d.start("from Git and the backends", func() {})
	d.check("from Git and the backends", map[workspaces.ID]runner.Sync{"infra//kept": runner.Pending, "infra//one": runner.Synced, "infra//two": runner.Synced})
	if held := h.newest("infra//kept", runner.PurposeApply, runner.Held); held.Summary.Create != 1 {
		t.Errorf("%+v", held.Summary)
	}
}

// drill is an installation whose machine is lost.
type drill struct {
	*hub
	merged, open int
	comments     map[int]int
}

// start deletes the data directory, and prints how long it takes until there is nothing left to do.
func (d *drill) start(how string, prepare func()) {
	d.t.Helper()
	d.must(os.RemoveAll(d.dataDir()))
	began := time.Now()
	prepare()
	d.pass()
	d.t.Logf("%s: 3 workspaces and a pull request are where they were after %s", how, time.Since(began).Round(time.Millisecond))
}

// check is that each workspace is as it should be, that nothing was made a second time, and that the pull requests show what they
// showed, in as many comments.
func (d *drill) check(when string, want map[workspaces.ID]runner.Sync) {
	d.t.Helper()
	for id, sync := range want {
		if rec := d.workspace(id); rec.Sync != sync {
			d.t.Errorf("%s: %s is %s: %s", when, id, rec.Sync, rec.Reason)
		}
	}
	if text, err := os.ReadFile(d.path("made")); err != nil || strings.Count(string(text), "made") != 3 {
		d.t.Errorf("%s: made %d times: %v", when, strings.Count(string(text), "made"), err)
	}
	for n, count := range d.comments {
		if ours := d.ours(n); len(ours) != count {
			d.t.Errorf("%s: %d comments on %d: %+v", when, len(ours), n, ours)
		}
	}
	if body := d.ours(d.open)[0].Body; !strings.Contains(body, "one") || !strings.Contains(body, "1 create") {
		d.t.Errorf("%s: the report is %s", when, body)
	}
}
