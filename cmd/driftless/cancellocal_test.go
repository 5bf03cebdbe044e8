package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// TestCancelLocal interrupts an apply where no database is, and never a process that has the number of its supervisor.
func TestCancelLocal(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "runs", "7")
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "trap 'exit 4' INT; touch ready; while :; do sleep 0.05; done"
	apply, err := supervisor.Start(filepath.Join(run, "apply"), supervisor.Order{Run: 7, Wait: time.Minute, Command: engine.Command{
		Path: "/bin/sh", Dir: run, TempDir: run, Args: []string{"-c", script}, Env: []string{"PATH=" + os.Getenv("PATH"), "TF_CLI_CONFIG_FILE=" + filepath.Join(run, "cli.tfrc")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = os.Stat(filepath.Join(run, "ready")); err != nil; _, err = os.Stat(filepath.Join(run, "ready")) {
		time.Sleep(10 * time.Millisecond)
	}
	do := func(id string) result { return driftless(t, "cancel", "--local", id, "--data-dir", dir) }
	do("7").want(t, 0, "The engine of run 7 is told to stop.")
	if err := apply.Wait(t.Context(), func() {}); err != nil {
		t.Fatal(err)
	}
	if result, err := apply.Result(); err != nil || result.Exit != 4 || result.Interrupted != supervisor.Asked {
		t.Errorf("%+v, %v", result, err)
	}
	if err := os.WriteFile(filepath.Join(run, "apply", "pid"), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		t.Fatal(err)
	}
	do("7").want(t, 1, "no apply of it goes on")
	do("8").want(t, 1, "no apply of it goes on")
}
