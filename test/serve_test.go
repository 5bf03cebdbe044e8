package test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// TestServe lets driftless watch by itself: commands reach it by its socket, a merge is applied without anybody's doing, and
// a signal ends it in order.
func TestServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/main.tf": "resource \"terraform_data\" \"app\" {\n  input = \"one\"\n}\n"})
	cmd := w.command("serve", "--log-format", "json")
	stderr, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	defer func() { _ = cmd.Process.Kill() }()
	lines := bufio.NewScanner(stderr)
	await := func(kind string) {
		t.Helper()
		var log strings.Builder
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), fmt.Sprintf(`"msg":%q`, kind)) {
				return
			}
		}
		t.Fatalf("driftless never logged %q:\n%s", kind, &log)
	}

	await("held")
	if out, err := w.command("serve", "--once").CombinedOutput(); err == nil || !strings.Contains(string(out), "another driftless is using it") {
		t.Errorf("a second driftless on the same data directory: %v\n%s", err, out)
	}
	if out := w.driftless("workspaces"); !strings.Contains(out, "infra//app") || !strings.Contains(out, "Pending") {
		t.Errorf("workspaces of a running driftless:\n%s", out)
	}
	w.driftless("approve", fmt.Sprint(w.newest("infra//app", runner.PurposeApply, runner.Held).ID))
	await("applied")

	w.propose("driftless/two", map[string]string{"app/main.tf": "resource \"terraform_data\" \"app\" {\n  input = \"two\"\n}\n"})
	await("ready")
	w.merge("driftless/two")
	await("applied")
	w.driftless("drift", "--check", "app")
	await("no drift")

	w.driftless("state", "rollback", "app", "1", "--reason", "a drill", "--yes")
	await("drift found") // and held, for the state is another one
	w.driftless("approve", fmt.Sprint(w.newest("infra//app", runner.PurposeDrift, runner.Held).ID))
	await("applied")

	w.must(cmd.Process.Signal(syscall.SIGTERM))
	_, _ = io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err != nil {
		t.Errorf("driftless ended with %v", err)
	}
	if rec := w.workspace("infra//app"); rec.Sync != runner.Synced {
		t.Errorf("the workspace is %s: %s", rec.Sync, rec.Reason)
	}
	w.pass() // on the same data directory
}
