package test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// TestDemo plays the demo: six acts, all well, nothing left behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	engines(t)
	tmp := t.TempDir()
	cmd := exec.CommandContext(t.Context(), built.program, "demo", "-o", "json")
	cmd.Env = append(gitEnv(t), "PATH="+os.Getenv("PATH"), "TMPDIR="+tmp)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("demo: %v\n%s", err, &stderr)
	}
	var acts []string
	for line := range bytes.Lines(out) {
		var act struct {
			Act    string
			OK     bool
			Detail string
		}
		if err := json.Unmarshal(line, &act); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		acts = append(acts, act.Act)
		if !act.OK || act.Detail == "" {
			t.Errorf("act %s: %s", act.Act, line)
		}
	}
	if want := []string{"plan", "policy", "apply", "drift", "repair", "rollback"}; !slices.Equal(acts, want) {
		t.Errorf("the acts were %v, not %v", acts, want)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("the demo left %v: %v", left, err)
	}
}
