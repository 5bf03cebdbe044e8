package test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner"
)

const secretModule = `
variable "token" {
  sensitive = true
  default   = ""
}

variable "password" {
  sensitive = true
  default   = %q
}

resource "terraform_data" "guarded" {
  input            = { token = var.token, password = var.password }
  triggers_replace = %q

  provisioner "local-exec" {
    command = <<-EOT
      printf 'the token is %%s\n' "$TF_VAR_token"
      printf '%%s' "$TF_VAR_token" | base64 -w0; echo
      echo %s >&2
      %s
    EOT
  }
}

check "loud" {
  assert {
    condition     = var.password == "another"
    error_message = "It is ${nonsensitive(var.password)}, and the token ${nonsensitive(var.token)}."
  }
}

output "token" {
  value     = var.token
  sensitive = true
}
`

// TestNoSecretIsLeft plants secrets wherever one can stand, and searches for them everything that driftless wrote to disk and
// printed: as they are, and as JSON, URL and base64 write them.
func TestNoSecretIsLeft(t *testing.T) {
	t.Parallel()
	granted := `granted/"Canary"+<&>%-7f3a`
	sensitive := `sensitive-canary-91d2c8`
	w := newWorld(t, map[string]string{"app/main.tf": idle})
	w.must(os.WriteFile(w.path("token"), []byte(granted+"\n"), 0o600))
	w.configure(fmt.Sprintf("\nidentity \"secret\" {\n  plan {\n    env \"TF_VAR_token\" { file = %q }\n  }\n}\n", w.path("token")))

	var said strings.Builder
	told := newTraces(t)
	w.env = append(w.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+told.URL)
	var log strings.Builder
	pass := func() { log.WriteString(w.driftless("serve", "--once", "-v", "--log-format", "json")) }
	pass()
	module := func(round, end string) map[string]string {
		return map[string]string{"app/main.tf": fmt.Sprintf(secretModule, sensitive, round, sensitive, end)}
	}
	w.propose("driftless/plant", module("one", "true"))
	pass()
	w.newest("infra//app", runner.PurposePlan, runner.Ready)
	w.merge("driftless/plant")
	pass()
	w.newest("infra//app", runner.PurposeApply, runner.Applied)
	said.WriteString(w.driftless("drift", "--check"))
	pass()

	// And an apply that fails with a secret on its lips.
	w.propose("driftless/fail", module("two", `echo "failed with $TF_VAR_token" >&2; exit 1`))
	pass()
	w.merge("driftless/fail")
	pass()
	failed := w.newest("infra//app", runner.PurposeApply, runner.Failed)
	if !strings.Contains(failed.Reason, "failed with") {
		t.Errorf("the failure is not shown: %s", failed.Reason)
	}

	checkTold(t, told, log.String(), failed)
	said.WriteString(log.String() + told.said.String())
	for _, args := range [][]string{
		{"runs"}, {"runs", "-o", "json"}, {"workspaces"}, {"workspaces", "-o", "json"}, {"drift", "-o", "json"},
		{"show", "infra//app"}, {"show", "driftless/plant"}, {"show", "driftless/fail"}, {"show", "driftless/fail", "-o", "json"},
	} {
		said.WriteString(w.driftless(args...))
	}
	for id := int64(1); id <= failed.ID; id++ {
		for _, args := range [][]string{{}, {"-o", "json"}, {"--log"}, {"--plan-json"}} {
			out, _ := w.command(append([]string{"show", fmt.Sprint(id)}, args...)...).CombinedOutput() // not every run has a plan
			said.Write(out)
		}
	}
	w.must(w.view(func(tx runner.Tx) error {
		events, err := tx.Events(runner.EventFilter{})
		for _, e := range events {
			said.WriteString(e.Message + "\n" + string(e.Data) + "\n")
		}
		return err
	}))
	if !strings.Contains(said.String(), "check.loud failed: It is ***, and the token ***.") {
		t.Error("what a check says is not shown")
	}
	if !strings.Contains(said.String(), "the token is") {
		t.Error("the log does not show what the provisioner printed, so that nothing is proved by it")
	}
	for _, secret := range []string{granted, sensitive} {
		search(t, "what driftless printed", said.String(), secret)
		w.must(filepath.WalkDir(w.dataDir(), func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || d.Name() == "secret.key" {
				return err
			}
			content, err := os.ReadFile(name)
			rel, _ := filepath.Rel(w.dataDir(), name)
			if !strings.HasPrefix(rel, "mirrors"+string(filepath.Separator)) || secret == granted { // the other one is committed
				search(t, rel, string(content), secret)
			}
			return err
		}))
	}
}

// checkTold wants the traces of runs and polls to be whole, and every line of the log about a run to name what it is about.
func checkTold(t *testing.T, told *traces, log string, failed runner.Run) {
	t.Helper()
	for want, root := range map[string]map[string]string{
		"plan policy prepare report run show": {"driftless.purpose": "plan", "driftless.outcome": "ready", "driftless.workspace": "infra//app", "driftless.pull": "driftless/plant"},
		"apply plan policy prepare report run show": {
			"driftless.purpose": "apply", "driftless.outcome": "failed", "driftless.repository": "infra", "driftless.commit": failed.Commit,
		},
		"look poll reconcile": {"driftless.repository": "infra"},
	} {
		name := "run"
		if strings.Contains(want, "poll") {
			name = "poll"
		}
		if got := told.of(name, root); got != want {
			t.Errorf("the trace of %v is %q, not %q", root, got, want)
		}
	}
	seen := 0
	for line := range strings.Lines(log) {
		var said map[string]any
		if json.Unmarshal([]byte(line), &said) != nil || said["run"] == nil {
			continue
		}
		seen++
		if said["repository"] == nil || said["workspace"] == nil || said["commit"] == nil {
			t.Errorf("it does not say what it is about: %s", line)
		}
		if said["msg"] == "planned" && said["trace_id"] == nil {
			t.Errorf("it does not name the trace: %s", line)
		}
	}
	if seen < 10 || !strings.Contains(log, `"pull":"driftless/fail"`) {
		t.Errorf("%d lines about runs: %s", seen, log)
	}
}

// search fails the test if a secret stands in a text in one of its forms.
func search(t *testing.T, where, text, secret string) {
	t.Helper()
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(`"`, `\"`).Replace(secret) // JSON without the escapes of HTML
	for form, value := range map[string]string{
		"as it is": secret, "as JSON": strings.Trim(string(quoted), `"`), "as plain JSON": plain,
		"as a URL's query": url.QueryEscape(secret), "as a URL's path": url.PathEscape(secret),
		"as base64": base64.StdEncoding.EncodeToString([]byte(secret)), "as URL base64": base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		if i := strings.Index(text, value); i >= 0 {
			t.Errorf("%s holds a secret %s: …%q…", where, form, text[max(0, i-80):min(len(text), i+len(value)+40)])
		}
	}
}
