package runner_test

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// TestALookRemembers: a pull request in which nothing moved is neither merged nor compared again, and one in which something did is.
func TestALookRemembers(t *testing.T) {
	t.Parallel()
	remote := history(t, 9, 3)
	e := estateOf(t, workspaces.Repository{Name: "infra", URL: remote, Branch: "main", Branches: "driftless/*"})
	look := func() map[string]any {
		e.must(e.r.Once(t.Context()))
		e.must(e.r.Look(t.Context()))
		return e.r.Remembered()
	}
	first := look()
	if len(first) != 3 {
		t.Fatalf("%d pull requests are remembered, not 3", len(first))
	}
	if again := look(); !maps.Equal(first, again) {
		t.Error("pull requests in which nothing moved were looked at anew")
	}

	grow(t, remote, "driftless/p1", "w0007/more.tf")
	moved := look()
	if moved["driftless/p0"] != first["driftless/p0"] || moved["driftless/p1"] == first["driftless/p1"] || moved["driftless/p2"] != first["driftless/p2"] {
		t.Error("not the pull request alone was looked at anew that moved")
	}
	if got := e.affected("driftless/p1"); !slices.Contains(got, "infra//w0007") {
		t.Errorf("it touches %v", got)
	}

	grow(t, remote, "main", "w0000/p0.tf") // as p0 has it
	if got := e.affected("driftless/p0"); !slices.Contains(got, "infra//w0000") {
		t.Fatalf("before the branch moved it touched %v", got)
	}
	look()
	if got := e.affected("driftless/p0"); slices.Contains(got, "infra//w0000") {
		t.Errorf("what is on the tracked branch already is touched by it: %v", got)
	}

	e.must(exec.Command("git", "-C", remote, "update-ref", "-d", "refs/heads/driftless/p2").Run())
	if left := look(); left["driftless/p2"] != nil {
		t.Error("one that is not open any more is remembered")
	}
	// The mirror is made anew, without what only it had.
	e.must(exec.Command("rm", "-rf", filepath.Join(e.dir, "mirrors", "infra.git", "objects")).Run())
	for range 3 { // the look that finds it out fails
		if e.r.Once(t.Context()) == nil {
			break
		}
	}
	look()
	for _, key := range []string{"driftless/p0", "driftless/p1"} {
		tree := e.pullOf(key).Tree
		if err := exec.Command("git", "-C", filepath.Join(e.dir, "mirrors", "infra.git"), "cat-file", "-e", tree).Run(); tree == "" || err != nil {
			t.Errorf("the merged tree %q of %s is not in the new mirror: %v", tree, key, err)
		}
	}
}

func (e *estate) pullOf(key string) (found runner.Pull) {
	e.b.Helper()
	e.update(func(tx runner.Tx) error {
		all, err := tx.Pulls(runner.PullFilter{})
		for _, p := range all {
			if p.Key == key {
				found = p
			}
		}
		return err
	})
	return found
}

func (e *estate) affected(key string) []workspaces.ID { return e.pullOf(key).Affected }

// grow adds a file to a branch.
func grow(t *testing.T, remote, branch, name string) {
	t.Helper()
	content := "resource \"terraform_data\" \"b\" {}\n"
	cmd := exec.Command("git", "-C", remote, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(fmt.Sprintf("commit refs/heads/%[1]s\ncommitter a <a@b> 1700000100 +0000\ndata 1\nx\nfrom refs/heads/%[1]s^0\nM 100644 inline %[2]s\ndata %[3]d\n%[4]s\n", branch, name, len(content), content))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
