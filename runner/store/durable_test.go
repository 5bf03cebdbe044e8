package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/store"
)

// scribe names, in the environment, the directory in which this test binary writes until it is killed.
const scribe = "DRIFTLESS_TEST_SCRIBE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(scribe); dir != "" {
		fmt.Fprintln(os.Stderr, write(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// write commits runs with a blob and a state each, and prints the id of each run when the store has said that it is kept.
func write(dir string) error {
	keys, err := store.LoadKeys(filepath.Join(dir, "secret.key"))
	if err != nil {
		return err
	}
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, "driftless.db"), Keys: keys})
	for err == nil {
		var run runner.Run
		err = db.Update(ctx, func(tx runner.Tx) error {
			run = runner.Run{Workspace: "r//a", Purpose: runner.PurposePlan, Status: runner.Queued}
			if err := tx.InsertRun(&run); err != nil {
				return err
			}
			content := fmt.Appendf(nil, "content of %d", run.ID)
			if err := tx.PutBlob(fmt.Sprintf("runs/%d/log", run.ID), content); err != nil {
				return err
			}
			return tx.PutState(&runner.StateVersion{Workspace: "r//a", RunID: run.ID}, content)
		})
		fmt.Println(run.ID)
	}
	return err
}

func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	total := int64(0)
	for round := range 4 {
		last := killAfter(t, dir, 5+13*round)
		db := open(t, dir)
		if err := db.View(t.Context(), func(tx runner.Tx) error { return complete(t, tx, last) }); err != nil {
			t.Fatal(err)
		}
		if last <= total {
			t.Fatalf("round %d ended at run %d, the one before at %d", round, last, total)
		}
		total = last
	}
}

// killAfter starts a writer, kills it after some acknowledged runs, and returns the last one that it acknowledged.
func killAfter(t *testing.T, dir string, acknowledged int) (last int64) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), scribe+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if last, err = strconv.ParseInt(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if n == acknowledged {
			if err := cmd.Process.Kill(); err != nil { // what is still in the pipe counts as well
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	return last
}

// complete checks that every run up to last is there, whole, and at most one more that was not acknowledged any more.
func complete(t *testing.T, tx runner.Tx, last int64) error {
	runs, err := tx.Runs(runner.RunFilter{})
	if err != nil {
		return err
	}
	states, err := tx.States("r//a")
	if err != nil {
		return err
	}
	if n := int64(len(runs)); n < last || len(states) != len(runs) || runs[0].ID != n {
		t.Errorf("%d runs and %d states after run %d was acknowledged", n, len(states), last)
	}
	for _, run := range runs {
		want := fmt.Sprintf("content of %d", run.ID)
		if log, err := tx.Blob(fmt.Sprintf("runs/%d/log", run.ID)); err != nil || string(log) != want {
			t.Errorf("log of run %d: %q, %v", run.ID, log, err)
		}
	}
	_, content, err := tx.State("r//a", 0)
	if want := fmt.Sprintf("content of %d", runs[0].ID); err == nil && string(content) != want {
		t.Errorf("state: %q, want %q", content, want)
	}
	return err
}
