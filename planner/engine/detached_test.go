package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// detachedApply makes the test binary a runner that applies a plan: what is in it, as JSON, is the apply.
const detachedApply = "DRIFTLESS_TEST_APPLY"

type applyRequest struct {
	Engine                Engine
	Dir, DataDir, TempDir string
	Env                   map[string]string
	PlanFile              string
}

// serveApply applies and prints what the engine says.
func serveApply(request string) error {
	var a applyRequest
	if err := json.Unmarshal([]byte(request), &a); err != nil {
		return err
	}
	r, err := Open(RootOptions{
		Engine: a.Engine, Dir: a.Dir, DataDir: a.DataDir, TempDir: a.TempDir, Env: a.Env,
		Log: func(line string) { fmt.Println(line) },
	})
	if err != nil {
		return err
	}
	return r.Apply(context.Background(), a.PlanFile)
}

// pipe is a named pipe whose reads and writes end after a while, when something is broken.
func pipe(t *testing.T, name string) (path string, f *os.File) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err == nil {
		err = f.SetDeadline(time.Now().Add(time.Minute))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return path, f
}

// An apply must not end half-way because the runner does.
func TestApplyGoesOnWhenTheRunnerIsKilled(t *testing.T) {
	eachEngine(t, func(t *testing.T, e Engine) {
		path, goOn := pipe(t, "go-on")
		unlocked := make(chan struct{}, 8)
		s := newStateServer(t)
		s.unlocked = unlocked
		g := s.rig(t, e, fmt.Sprintf(`
resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "echo the-apply-began; read x < '%s'; i=0; while [ $i -lt 2000 ]; do echo much-more-than-a-pipe-holds-$i-%s; i=$((i+1)); done"
  }
}
resource "terraform_data" "last" {
  depends_on = [terraform_data.slow]
}`, path, strings.Repeat("x", 100)))
		g.plan(g.open())
		request, err := json.Marshal(applyRequest{g.opts.Engine, g.opts.Dir, g.opts.DataDir, g.opts.TempDir, g.opts.Env, g.planFile()})
		if err != nil {
			t.Fatal(err)
		}
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		runner := exec.CommandContext(t.Context(), self)
		runner.Env = append(os.Environ(), detachedApply+"="+string(request))
		runner.Stderr = os.Stderr
		out, err := runner.StdoutPipe()
		if err == nil {
			err = runner.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		began := false
		for !began && said.Scan() {
			began = strings.HasSuffix(said.Text(), "(local-exec): the-apply-began")
		}
		if !began {
			t.Fatalf("the apply did not begin: %v, %v", said.Err(), runner.Wait())
		}
		if err := runner.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = out.Close()
		if err := runner.Wait(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
			t.Fatalf("the runner ended with %v", err)
		}
		if _, err := goOn.WriteString("\n"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-unlocked:
		case <-time.After(time.Minute): // only when it is broken
			t.Fatal("the engine did not end its apply")
		}
		s.do(func() {
			if s.lock != nil || !strings.Contains(string(s.state), `"last"`) {
				t.Errorf("held %s, state %s", s.lock, s.state)
			}
		})
		output, err := os.ReadFile(filepath.Join(g.opts.TempDir, "stdout"))
		if err != nil || !strings.Contains(string(output), "much-more-than-a-pipe-holds-1999-") {
			t.Errorf("what the engine said since is lost: %v\n%.2000s", err, output)
		}
	})
}
