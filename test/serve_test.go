package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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
	w.configure("\nhttp {\n  listen = \"127.0.0.1:0\"\n}\n")
	cmd := w.command("serve", "--log-format", "json")
	stderr, err := cmd.StderrPipe()
	w.must(err)
	w.must(cmd.Start())
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer overdue.Stop()
	defer func() { _ = cmd.Process.Kill() }()
	lines := bufio.NewScanner(stderr)
	await := func(kind string) []byte {
		t.Helper()
		var log strings.Builder
		for lines.Scan() {
			log.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), fmt.Sprintf(`"msg":%q`, kind)) {
				return lines.Bytes()
			}
		}
		t.Fatalf("driftless never logged %q:\n%s", kind, &log)
		return nil
	}

	var listening struct{ Address string }
	w.must(json.Unmarshal(await("listening"), &listening))
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
	await("drift found") // and held, for the state is another one: nothing changed outside of Git
	odd := w.newest("infra//app", runner.PurposeDrift, runner.Held)
	if rec := w.workspace("infra//app"); !strings.Contains(rec.Reason, "rolled back") || !strings.Contains(odd.Reason, "rolled back") || strings.Contains(odd.Reason, "the world is not") {
		t.Errorf("after a rollback the workspace says %q, and the check %q", rec.Reason, odd.Reason)
	}
	w.driftless("approve", fmt.Sprint(odd.ID))
	await("applied")

	for path, all := range map[string][]string{
		"/readyz": {"ready\n"},
		"/metrics": {
			`driftless_runs_total{purpose="apply",status="applied"} 3`, `driftless_runs_total{purpose="plan",status="ready"} 1`,
			`driftless_runs_total{purpose="apply",status="interrupted"} 0`, `driftless_run_phase_duration_seconds_count{phase="apply",purpose="apply"} 3`,
			`driftless_run_phase_duration_seconds_count{phase="queued",purpose="plan"} 1`, `driftless_polls_total{outcome="ok",repository="infra"} `,
			`driftless_workspaces{repository="infra",sync="Synced"} 1`, `driftless_runs_open{purpose="apply",status="held"} 0`,
			`driftless_state_locks 0`, `driftless_database_retries_total `,
		},
	} {
		res, err := http.Get("http://" + listening.Address + path)
		w.must(err)
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		w.must(err)
		for _, want := range all {
			if res.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
				t.Errorf("%s: %s, %q is missing: %s", path, res.Status, want, body)
			}
		}
	}

	w.must(cmd.Process.Signal(syscall.SIGTERM))
	await("stopping")
	_, _ = io.Copy(io.Discard, stderr)
	if err := cmd.Wait(); err != nil {
		t.Errorf("driftless ended with %v", err)
	}
	if rec := w.workspace("infra//app"); rec.Sync != runner.Synced {
		t.Errorf("the workspace is %s: %s", rec.Sync, rec.Reason)
	}
	w.pass() // on the same data directory
}
