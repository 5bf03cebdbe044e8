package runner_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// TestARegistryThatIsDown: what a run needs from there cannot be had. It waits, says why, and goes on by itself when the server is back;
// what waited often enough fails, and says what it met.
func TestARegistryThatIsDown(t *testing.T) {
	t.Parallel()
	var module bytes.Buffer
	archive := zip.NewWriter(&module)
	file, err := archive.Create("main.tf")
	if err == nil {
		_, err = file.Write([]byte("output \"x\" {\n  value = 1\n}\n"))
	}
	if err != nil || archive.Close() != nil {
		t.Fatal(err)
	}
	var up atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() || !strings.HasPrefix(r.URL.Path, "/good") {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(module.Bytes())
	}))
	t.Cleanup(server.Close)

	f := newFleet(t, map[string][]string{"a": {"one-dev", "two-dev"}})
	leader := f.start("leader", f.url, func(o *runner.Options) { o.Takes = runner.Selector{"env=none"} })
	f.await("it leads", func(tx runner.Tx) (string, error) { return f.spread(tx, 1) })
	for _, name := range []string{"first worker", "second worker"} {
		f.start(name, f.url, func(o *runner.Options) { o.Kind = runner.Worker })
	}
	f.await("the tracked branch is planned", f.held)
	needs := func(path string) string {
		return fmt.Sprintf("module \"m\" {\n  source = %q\n}\n", server.URL+path)
	}
	f.commit("a", "driftless/good", "Change", map[string]string{"one-dev/module.tf": needs("/good.zip")})
	f.commit("a", "driftless/bad", "Change", map[string]string{"two-dev/module.tf": needs("/bad.zip")})
	var waiting map[string]runner.Run
	f.await("both wait", func(tx runner.Tx) (string, error) {
		waiting = map[string]runner.Run{}
		runs, err := tx.Runs(runner.RunFilter{Purposes: []runner.Purpose{runner.PurposePlan}})
		for _, run := range runs {
			if run.Status == runner.Failed {
				t.Fatalf("run %d failed at once: %s", run.ID, run.Reason)
			}
			if run.Status == runner.Queued && strings.Contains(run.Reason, "cannot be had now") && strings.Contains(run.Reason, "503") {
				waiting[string(run.Workspace)] = run
			}
		}
		return map[bool]string{false: fmt.Sprintf("%+v", runs)}[len(waiting) == 2], err
	})
	f.await("the pull request says so", func(tx runner.Tx) (string, error) {
		shown, err := tx.Report(waiting["a//one-dev"].PullID)
		if text := strings.Join(shown.Pages, "\n"); err == nil && !strings.Contains(text, "cannot be had now") {
			return text, nil
		}
		return "", err
	})
	f.must(f.db.Update(t.Context(), func(tx runner.Tx) error {
		for range 4 {
			if err := tx.Append(&runner.Event{Kind: "run put off", Repository: "a", RunID: waiting["a//two-dev"].ID}); err != nil {
				return err
			}
		}
		return nil
	}))
	up.Store(true)
	for _, m := range f.members[1:] { // whichever put it off
		if run, ok := m.r.Claim(t.Context()); ok {
			t.Errorf("run %d is not waited for: %s", run.ID, run.NotBefore)
		}
	}
	f.await("one goes on, and the other has failed", func(tx runner.Tx) (string, error) {
		good, err := tx.Run(waiting["a//one-dev"].ID)
		if err != nil || good.Status != runner.Ready && good.Status != runner.Unchanged {
			return fmt.Sprintf("%s: %s", good.Status, good.Reason), err
		}
		bad, err := tx.Run(waiting["a//two-dev"].ID)
		if bad.Status == runner.Failed && (!strings.Contains(bad.Reason, "503") || !strings.Contains(bad.Reason, "tried 6 times")) {
			t.Errorf("it failed with: %s", bad.Reason)
		}
		return map[bool]string{false: string(bad.Status)}[bad.Status == runner.Failed], err
	})
	leader.end()
}

// TestAMirrorThatIsDamaged: a run that meets the damage waits until the mirror was made anew from its origin, and goes on; so does
// everything else, though nothing moves there.
func TestAMirrorThatIsDamaged(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(f *fleet, mirror, tree string){
		"everything": func(f *fleet, mirror, _ string) {
			f.must(filepath.WalkDir(filepath.Join(mirror, "objects"), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				if err := os.Chmod(path, 0o600); err != nil {
					return err
				}
				return os.WriteFile(path, []byte("damaged"), 0o600)
			}))
		},
		"what no ref leads to": func(f *fleet, mirror, tree string) { // so that Git itself does not miss it
			docs := f.git(mirror, "rev-parse", tree+":docs")
			f.must(os.Remove(filepath.Join(mirror, "objects", docs[:2], docs[2:])))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			damaged(t, damage)
		})
	}
}

func damaged(t *testing.T, damage func(f *fleet, mirror, tree string)) {
	f := newFleet(t, map[string][]string{"a": {"one-dev"}})
	only := f.start("only", f.url, func(o *runner.Options) { o.Shared = false })
	f.await("the tracked branch is planned", f.held)
	f.commit("a", "driftless/x", "Change", map[string]string{"docs/x.md": "x", "one-dev/more.tf": "output \"more\" {\n  value = 1\n}\n"})
	f.await("the pull request is reported", f.reported("a"))
	f.commit("a", "main", "No workspace's", map[string]string{"docs/y.md": "y"})
	head := f.git(f.repo("a"), "rev-parse", "main")
	f.await("the branch was seen", func(tx runner.Tx) (string, error) {
		repo, err := tx.Repository("a")
		return map[bool]string{false: "not yet"}[repo.Head == head], err
	})
	var planned runner.Run
	f.await("the pull request is merged with it", func(tx runner.Tx) (string, error) {
		pulls, err := tx.Pulls(runner.PullFilter{Repository: "a"})
		if err != nil || len(pulls) != 1 || pulls[0].Base != head {
			return "not yet", err
		}
		runs, err := tx.Runs(runner.RunFilter{PullID: pulls[0].ID, Limit: 1})
		if len(runs) == 1 {
			planned = runs[0]
			planned.Tree, planned.Base = pulls[0].Tree, head
		}
		return "", err
	})

	mirror := filepath.Join(only.dir, "mirrors", runner.MirrorName("a"))
	damage(f, mirror, planned.Tree)
	run := runner.Run{
		Repository: "a", Workspace: "a//one-dev", Purpose: runner.PurposePlan, Status: runner.Queued, PullID: planned.PullID, Trigger: "test",
		Commit: planned.Commit, Tree: planned.Tree, Base: planned.Base, InputDigest: planned.InputDigest, CreatedAt: time.Now(),
	}
	f.must(f.db.Update(t.Context(), func(tx runner.Tx) error { return tx.InsertRun(&run) }))
	f.await("the run is done", func(tx runner.Tx) (string, error) {
		run, err := tx.Run(run.ID)
		if run.Status == runner.Failed {
			t.Fatalf("it failed: %s", run.Reason)
		}
		return map[bool]string{false: string(run.Status) + ": " + run.Reason}[run.Status == runner.Ready], err
	})
	f.await("the repository is fine", func(tx runner.Tx) (string, error) {
		repo, err := tx.Repository("a")
		return repo.Error, err
	})
	only.end()
	f.git(mirror, "fsck", "--full", "--strict")
}
