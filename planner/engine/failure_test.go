package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFailedPlanShowsDiagnostics(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		const variable = "variable \"c\" {\n  type    = list(string)\n  default = [\"secret-word\"]\n}\n\n"
		g := newRig(t, e, nil)
		g.opts.Mask.Add("secret-word")
		var said []string
		for _, broken := range []string{
			"resource \"terraform_data\" \"x\" {\n  input = \"ü${tonumber(\"x${var.c[0]}\")}\"\n}\n",
			"output \"o\" { value = regex(\"b\", var.c[0]) }\n",
			"resource \"terraform_data\" \"x\" {\n  lifecycle {\n    precondition {\n      condition     = length(var.c) > 1\n      error_message = \"Too few of secret-word.\"\n    }\n  }\n}\n",
		} {
			write(t, g.opts.Dir, map[string]string{"main.tf": variable + broken})
			failed := mustFail(t, g.open().Plan(t.Context(), PlanOptions{Out: g.planFile()}))
			said = append(said, failed.Error(), failed.Output, "")
		}
		if strings.Contains(strings.Join(said, "\n")+g.text(), "secret-word") {
			t.Error("a secret is not masked")
		}
		golden(t, "diagnostics.txt", strings.Join(said, "\n"))
		if !strings.Contains(g.text(), "│ Error: Invalid function argument") {
			t.Errorf("the log lacks the diagnostics: %s", g.text())
		}
		for _, p := range g.events {
			if strings.Contains(fmt.Sprint(p), "secret-word") {
				t.Errorf("not masked: %v", p)
			}
		}
	})
}

func TestFailedInitShowsAllOutput(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		g := newRig(t, e, map[string]string{"main.tf": `module "m" { source = "./none" }`})
		failed := mustFail(t, g.open().Plan(t.Context(), PlanOptions{Out: g.planFile()}))
		if failed.Phase != PhaseInit || !strings.Contains(failed.Output, "lstat none: no such file") || !strings.Contains(failed.Output, "at main.tf:1") {
			t.Error(report(failed))
		}
		if !strings.Contains(failed.Error(), "init: Unreadable module directory") || !strings.HasPrefix(failed.Text(), failed.Error()+"\n\nInitializing ") {
			t.Error(failed.Text())
		}
	})
}

// fake is a shell script in place of an engine.
func fake(t *testing.T, script string) Engine {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return Engine{Terraform, "1.11.4", path}
}

func TestSecretsAreNotInArguments(t *testing.T) {
	t.Parallel()
	record := filepath.Join(t.TempDir(), "record")
	g := newRig(t, fake(t, `tr '\0' '\n' < /proc/$$/cmdline >> `+record+`; env > `+record+`.env`), map[string]string{"main.tf": `variable "secret" {}`})
	g.opts.Env = map[string]string{"TF_VAR_password": "hunter22", "TF_HTTP_PASSWORD": "hunter22", "AWS_SECRET_ACCESS_KEY": "hunter22"}
	g.opts.BackendConfig = map[string]string{"secret_key": "hunter22"}
	g.opts.Variables = map[string]string{"secret": "hunter22"}
	r := g.open()
	g.plan(r)
	g.show(r)
	g.apply(r)
	said, err := os.ReadFile(record)
	if err != nil || !strings.Contains(string(said), "-lockfile=readonly") || !strings.Contains(string(said), "apply") {
		t.Fatalf("recorded %s, %v", said, err)
	}
	if strings.Contains(string(said), "hunter22") {
		t.Errorf("a secret is in the arguments: %s", said)
	}
	env, err := os.ReadFile(record + ".env")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"TF_VAR_password=hunter22", "TF_HTTP_PASSWORD=hunter22", "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "HOME=" + g.opts.TempDir} {
		if !strings.Contains(string(env), want+"\n") {
			t.Errorf("the environment lacks %s:\n%s", want, env)
		}
	}
	for _, file := range []string{g.opts.TempDir + "/backend.tfbackend", g.opts.TempDir + "/cli.tfrc", g.opts.TempDir + "/variables.tfvars"} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
}

func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of the daemon")
	t.Setenv("TF_CLI_CONFIG_FILE", "/nonexistent")
	t.Setenv("HTTPS_PROXY", "http://proxy:1")
	env := strings.Join(cleanEnv("/home", map[string]string{"A": "1", "LANG": "C"}, map[string]string{"A": "2"}), "\n")
	for text, want := range map[string]bool{
		"AWS_SECRET": false, "TF_CLI_CONFIG_FILE": false, "HTTPS_PROXY=http://proxy:1": true, "A=2": true, "A=1": false, "LANG=C\n": true, "HOME=/home": true,
	} {
		if strings.Contains(env, text) != want {
			t.Errorf("%q in the environment: want %v:\n%s", text, want, env)
		}
	}
}

func TestPlainOutputOfACrashReachesTheReaderMasked(t *testing.T) {
	t.Parallel()
	g := newRig(t, fake(t, `
case $1 in plan)
  echo '{"@level":"info","@message":"hello hunter22","type":"log"}'
  echo '{"half'
  echo 'panic: hunter22' >&2
  printf 'no end of line' >&2
  kill -SEGV $$
esac`), map[string]string{"main.tf": ""})
	g.opts.Mask.Add("hunter22")
	failed := mustFail(t, g.open().Plan(t.Context(), PlanOptions{Out: g.planFile()}))
	for _, want := range []string{`{"half`, "panic: ***", "no end of line"} {
		if !strings.Contains(failed.Output, want) {
			t.Errorf("output lacks %q:\n%s", want, failed.Output)
		}
	}
	if !strings.Contains(failed.Error(), "plan: signal: segmentation fault") || strings.Contains(g.text(), "hunter22") {
		t.Error(failed.Error(), g.text())
	}
}

func TestCanceledEngineThatDoesNotObeyIsKilled(t *testing.T) {
	t.Parallel()
	g := newRig(t, fake(t, `
case $1 in plan)
  trap '' INT
  echo '{"@message":"ready","type":"log"}'
  while :; do sleep 1000; done
esac`), map[string]string{"main.tf": ""})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	g.seen = func(Progress) { cancel() }
	g.opts.InterruptWait = time.Millisecond
	failed := mustFail(t, g.open().Plan(ctx, PlanOptions{Out: g.planFile()}))
	if !failed.Canceled || !errors.Is(failed, context.Canceled) || !strings.Contains(failed.Err.Error(), "signal: killed") {
		t.Errorf("%v: %v", failed, failed.Err)
	}
	if err := g.open().Plan(ctx, PlanOptions{Out: g.planFile()}); !mustFail(t, err).Canceled {
		t.Error(err)
	}
}

func TestLongTempDirGetsAShortSocketDir(t *testing.T) {
	t.Parallel()
	g := newRig(t, fake(t, `echo "$TMPDIR"`), map[string]string{"main.tf": ""})
	g.opts.TempDir = filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if _, err := g.open().init(t.Context(), true); err != nil {
		t.Fatal(report(err))
	}
	if dir := g.text(); len(dir) > maxTempDir || dir == "" || exists(dir) {
		t.Errorf("TMPDIR was %q and exists %v", dir, exists(dir))
	}
}

func TestWhatIsTemporary(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Error: Failed to query: dial tcp 127.0.0.1:1: connect: connection refused": true,
		"│ lookup x.example: no such\n│ host":                                       true,
		"fatal: Could not resolve host: example.org":                                true,
		"(Client.Timeout\nexceeded while awaiting)":                                 true,
		"registry: 503 Service Unavailable":                                         true,
		"error downloading 'http://x/m.zip': bad response code:\n│ 503":             true,
		"fatal: unable to access 'x': The requested URL returned error: 502":        true,
		"The requested URL returned error: 404":                                     false,
		"Error: Unsupported argument":                                               false,
		"no suitable version; timeouts of the host":                                 false,
	} {
		for _, phase := range []Phase{PhaseInit, PhaseApply} {
			s := &stream{phase: phase}
			s.line(text)
			if failed := s.failure(t.Context(), errors.New("exit status 1")); failed.Temporary != (want && phase == PhaseInit) {
				t.Errorf("%s: %q: %v", phase, text, failed.Temporary)
			}
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add(`{"@level":"error","@message":"Error: x","diagnostic":{"severity":"error","summary":"s","detail":"d","range":{"filename":"m.tf","start":{"line":1}},"snippet":{"code":"a = b","start_line":1,"highlight_start_offset":4,"highlight_end_offset":5,"function_call":{"called_as":"f","signature":{"params":[{"name":"v"}]}}}},"type":"diagnostic"}`)
	f.Add("{\"type\":\"x\",\"@timestamp\":\"2026\",\"hook\":{\"elapsed_seconds\":1e300}}\n│ Error: plain")
	f.Add("Error acquiring the state lock\nLock Info:\n  Who: x")
	f.Fuzz(func(t *testing.T, text string) {
		s := &stream{phase: PhasePlan, log: func(string) {}, progress: func(Progress) {}}
		w := &lineWriter{line: s.line}
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		_ = s.failure(t.Context(), errors.New("exit status 1")).Error()
	})
}

// TestLimit: a command that takes too long is interrupted, and says which setting let it go on no longer.
func TestLimit(t *testing.T) {
	t.Parallel()
	g := newRig(t, fake(t, `
case $1 in plan)
  trap 'exit 1' INT
  while :; do sleep 0.05; done
esac`), map[string]string{"main.tf": ""})
	g.opts.Limits = map[Phase]time.Duration{PhasePlan: 100 * time.Millisecond}
	failed := mustFail(t, g.open().Plan(t.Context(), PlanOptions{Out: g.planFile()}))
	const want = "plan took longer than its limit of 100ms (`plan` of `timeouts`) and was interrupted"
	if failed.Canceled || !strings.Contains(failed.Error(), want) || !strings.Contains(failed.Output, want) {
		t.Errorf("%v: %s", failed, failed.Output)
	}
}

// TestAStateThatIsNotHad: an engine that reads a state from a backend that does not answer, and does not obey, holds nobody up.
func TestAStateThatIsNotHad(t *testing.T) {
	t.Parallel()
	g := newRig(t, fake(t, `
case $1 in state)
  trap '' INT
  while :; do sleep 0.05; done
esac`), map[string]string{"main.tf": ""})
	g.opts.InterruptWait = 24 * time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := g.open().State(ctx); !errors.Is(err, ErrKilled) {
		t.Error(err)
	}
}
