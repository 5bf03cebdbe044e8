package test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/examples"
)

// row is one workspace as `driftless workspaces --repo -o json` promises it to programs: no field is ever missing or null.
type row struct {
	ID        *string   `json:"id"`
	Dir       *string   `json:"dir"`
	Name      *string   `json:"name"`
	Engine    *string   `json:"engine"`
	Owner     *string   `json:"owner"`
	DependsOn *[]string `json:"depends_on"`
	Affected  *bool     `json:"affected"`
	Reason    *string   `json:"reason"`
	Problems  []string  `json:"problems"` // only where there are some
}

// TestWorkspacesForPrograms asks, without an engine on PATH, which workspaces a change to a shared module affects.
func TestWorkspacesForPrograms(t *testing.T) {
	t.Parallel()
	repo := filepath.Join(t.TempDir(), "mono")
	if err := examples.Write(repo, "monorepo"); err != nil {
		t.Fatal(err)
	}
	git(t, repo, "init", "--quiet", "--initial-branch=main")
	git(t, repo, "add", "--all")
	git(t, repo, "commit", "--quiet", "-m", "Begin")
	name := filepath.Join(repo, "modules", "label", "main.tf")
	old, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(old, "\n# Changed.\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, repo, "commit", "--quiet", "-a", "-m", "Change a shared module")

	rows := listWorkspaces(t, repo, "--base", "HEAD~1", "--head", "HEAD")
	var all, affected []string
	for _, r := range rows {
		if r.ID == nil || r.Dir == nil || r.Name == nil || r.Engine == nil || r.Owner == nil || r.DependsOn == nil || r.Affected == nil || r.Reason == nil {
			t.Fatalf("a field is missing or null: %+v", r)
		}
		all = append(all, *r.ID)
		if *r.Affected {
			affected = append(affected, *r.ID)
			if !strings.Contains(*r.Reason, "modules/label") {
				t.Errorf("%s is affected because of %q, which does not name the module", *r.ID, *r.Reason)
			}
		}
		if !strings.HasPrefix(*r.ID, "mono//"+*r.Dir) || *r.Engine != "terraform" && *r.Engine != "tofu" {
			t.Errorf("odd row: id %s, dir %s, engine %s", *r.ID, *r.Dir, *r.Engine)
		}
	}
	slices.Sort(all)
	slices.Sort(affected)
	if want := []string{"mono//apps/api@dev", "mono//apps/api@prod", "mono//apps/web", "mono//jobs/report", "mono//platform"}; !slices.Equal(all, want) {
		t.Errorf("the workspaces are %v, not %v", all, want)
	}
	if want := []string{"mono//apps/api@dev", "mono//apps/api@prod", "mono//apps/web", "mono//platform"}; !slices.Equal(affected, want) {
		t.Errorf("affected are %v, not %v", affected, want)
	}
	for _, r := range listWorkspaces(t, repo) {
		if *r.Affected {
			t.Errorf("%s is affected though nothing was compared", *r.ID)
		}
	}
	empty := t.TempDir()
	git(t, empty, "init", "--quiet")
	git(t, empty, "commit", "--quiet", "--allow-empty", "-m", "Begin")
	if rows := listWorkspaces(t, empty); rows == nil || len(rows) > 0 {
		t.Errorf("an empty repository has %v, not an empty list", rows)
	}
}

func listWorkspaces(t *testing.T, repo string, args ...string) []row {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built.program, append([]string{"workspaces", "--repo", repo, "-o", "json"}, args...)...)
	bin := t.TempDir()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(bin, "git")); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(gitEnv(t), "PATH="+bin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	var rows []row
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&rows); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return rows
}

// git runs git for a Go story.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(gitEnv(t), "PATH="+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return strings.TrimSpace(string(out))
}

// gitEnv is an environment in which git knows nobody's settings.
func gitEnv(t *testing.T) []string {
	return []string{
		"HOME=" + t.TempDir(), "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GORACE=atexit_sleep_ms=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
}
