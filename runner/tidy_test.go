package runner_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// TestAMirrorKeepsWhatIsNeeded: of pull requests that are closed nothing stays but what was applied of one; what is open can be
// planned on.
func TestAMirrorKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	remote := history(t, 2, 4)
	e := estateOf(t, workspaces.Repository{Name: "infra", URL: remote, Branch: "main", Branches: "driftless/*"})
	e.must(e.r.Once(t.Context()))
	pulls := map[string]runner.Pull{}
	e.update(func(tx runner.Tx) error {
		all, err := tx.Pulls(runner.PullFilter{})
		for _, p := range all {
			pulls[p.Key] = p
		}
		return err
	})
	open, applied, closed := pulls["driftless/p0"], pulls["driftless/p1"], pulls["driftless/p2"]
	for _, name := range []string{"p1", "p2", "p3"} {
		e.must(exec.Command("git", "-C", remote, "update-ref", "-d", "refs/heads/driftless/"+name).Run())
	}
	e.must(e.r.Once(t.Context()))
	e.update(func(tx runner.Tx) error {
		rec, err := tx.Workspace("infra//w0000")
		rec.AppliedCommit = applied.Head
		if err != nil {
			return err
		}
		return tx.PutWorkspace(rec)
	})
	e.must(e.r.Maintain(t.Context(), 0))
	mirror := filepath.Join(e.dir, "mirrors", "infra.git")
	for object, want := range map[string]bool{open.Head: true, open.Tree: true, applied.Head: true, closed.Head: false, closed.Tree: false} {
		err := exec.Command("git", "-C", mirror, "cat-file", "-e", object).Run()
		if object == "" || (err == nil) != want {
			t.Errorf("%q is there: %t, want %t", object, err == nil, want)
		}
	}
	if loose, err := filepath.Glob(filepath.Join(mirror, "objects", "??", "*")); err != nil || len(loose) > 0 {
		t.Errorf("%d loose objects are left, %v", len(loose), err)
	}
	e.must(e.r.Once(t.Context()))
	e.update(func(tx runner.Tx) error {
		repo, err := tx.Repository("infra")
		if err == nil && repo.Error != "" {
			t.Error(repo.Error)
		}
		return err
	})
}
