package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// effects are what outlives the program, by the calls that they are made with; each says its step, in the files that have them.
var effects = map[string][]string{
	"exec.Command":      {"planner/engine/process.go", "workspaces/gitrepo/git.go", "runner/supervisor/apply.go"},
	".BeginTx(":         {"runner/store/transaction.go"},
	"g.Base.RoundTrip(": {"runner/forge/answer.go"},
}

// harmless are files that start programs which change nothing, or that are not part of what runs unattended.
var harmless = []string{
	"runner/watch.go",        // programs that print a secret
	"cmd/driftless/local.go", // git remote get-url
	"cmd/driftless/demo/",
	"runner/store/migrate.go", // a turn that writes nothing
	"runner/store/pgtest/",    // servers for tests
}

// TestEffectsHaveSteps finds effects that a test could not kill driftless at.
func TestEffectsHaveSteps(t *testing.T) {
	t.Parallel()
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		for _, prefix := range append([]string{"test/", "examples/"}, harmless...) {
			if strings.HasPrefix(name, prefix) {
				return nil
			}
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for call, files := range effects {
			has := strings.Contains(string(text), call)
			switch home := slices.Contains(files, name); {
			case has && !home:
				t.Errorf("%s calls %s itself: use what %s has, or say the step (test/killpoint) and add the file here", name, call, strings.Join(files, " and "))
			case home && (!has || !strings.Contains(string(text), "step(") && !strings.Contains(string(text), "killpoint.At(") && !strings.Contains(string(text), "atWrite(")):
				t.Errorf("%s is to call %s and to say the step", name, call)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
