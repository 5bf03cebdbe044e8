package test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/workspaces"
)

func driftless(ts *testscript.TestScript, neg bool, args []string) {
	program(ts, neg, built.program, args...)
}

// pass makes one pass of the runner.
func pass(ts *testscript.TestScript, neg bool, args []string) {
	program(ts, neg, built.program, append([]string{"serve", "--once"}, args...)...)
}

// die makes a pass that is killed, as by a power cut, when it logs an event.
func die(ts *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 1, 1, "die EVENT"); err != nil {
		return err
	}
	cmd := exec.Command(built.program, "serve", "--once", "-v", "--log-format", "json")
	cmd.Dir, cmd.Env = ts.Getenv("WORK"), s.env
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	met := false
	for lines := bufio.NewScanner(stderr); lines.Scan() && !met; {
		if met = strings.Contains(lines.Text(), fmt.Sprintf(`"msg":%q`, args[0])); met {
			err = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if !met {
		err = fmt.Errorf("the pass never logged %q", args[0])
	}
	return err
}

// daemon puts a daemon together as the operator's file says.
func (s *story) daemon(ctx context.Context, logger *slog.Logger, notify func(runner.Event)) (*daemon.Daemon, error) {
	src, err := os.ReadFile(s.config())
	if err != nil {
		return nil, err
	}
	config, diags := workspaces.Parse(workspaces.OperatorFile, s.config(), src)
	if diags.HasErrors() {
		return nil, diags
	}
	return daemon.New(ctx, daemon.Options{Config: config, DataDir: config.DataDir, Notify: notify, Logger: logger})
}

// view reads the database of the story.
func (s *story) view(f func(tx runner.Tx) error) (err error) {
	if s.opened != nil {
		return s.opened.View(background(), f)
	}
	db, _, err := daemon.OpenStore(background(), s.place(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(background(), f)
}

// approve approves what waits in a workspace.
func approve(ts *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 1, 1, "approve WORKSPACE"); err != nil {
		return err
	}
	var id int64
	err := s.view(func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{
			Workspace: workspaces.ID(args[0]), Purposes: []runner.Purpose{runner.PurposeApply, runner.PurposeDrift},
			Statuses: []runner.Status{runner.Held, runner.Failed, runner.Interrupted}, Limit: 1,
		})
		if err == nil && len(runs) == 0 {
			err = errors.New("nothing waits for an approval")
		} else if err == nil {
			id = runs[0].ID
		}
		return err
	})
	if err != nil {
		return err
	}
	return ts.Exec(built.program, "approve", strconv.FormatInt(id, 10))
}

func checkSync(_ *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 2, 3, "sync WORKSPACE STATUS [RE]"); err != nil {
		return err
	}
	return s.view(func(tx runner.Tx) error {
		rec, err := tx.Workspace(workspaces.ID(args[0]))
		if err != nil {
			return err
		}
		return is(args[0], string(rec.Sync), rec.Reason, args[1:])
	})
}

// is compares a status and the reason for it with what is wanted.
func is(what, status, reason string, want []string) error {
	if status != want[0] {
		return fmt.Errorf("%s is %s (%s), not %s", what, status, reason, want[0])
	}
	if len(want) == 1 {
		return nil
	}
	re, err := regexp.Compile("(?s)" + want[1])
	if err == nil && !re.MatchString(reason) {
		err = fmt.Errorf("%s is %s for another reason than %q:\n%s", what, status, want[1], reason)
	}
	return err
}

func checkRun(ts *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 3, 4, "run WORKSPACE PURPOSE STATUS [RE]"); err != nil {
		return err
	}
	return s.view(func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Workspace: workspaces.ID(args[0]), Purposes: []runner.Purpose{runner.Purpose(args[1])}, Limit: 1})
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return fmt.Errorf("%s was never run for %s", args[0], args[1])
		}
		ts.Setenv("RUN", strconv.FormatInt(runs[0].ID, 10))
		return is(fmt.Sprintf("run %d (%s of %s)", runs[0].ID, args[1], args[0]), string(runs[0].Status), runs[0].Reason, args[2:])
	})
}

func checkRuns(_ *testscript.TestScript, s *story, args []string) error {
	if err := usage(args, 3, 3, "runs WORKSPACE PURPOSE N"); err != nil {
		return err
	}
	return s.view(func(tx runner.Tx) error {
		runs, err := tx.Runs(runner.RunFilter{Workspace: workspaces.ID(args[0]), Purposes: []runner.Purpose{runner.Purpose(args[1])}})
		if err != nil || strconv.Itoa(len(runs)) == args[2] {
			return err
		}
		text := ""
		for _, r := range runs {
			text += fmt.Sprintf("\nrun %d %s: %s (%s)", r.ID, r.Status, r.Trigger, r.Reason)
		}
		return fmt.Errorf("%s was run %d times for %s, not %s:%s", args[0], len(runs), args[1], args[2], text)
	})
}

// printState prints the state that driftless keeps; negated, there must be none.
func printState(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(usage(args, 1, 1, "[!] state WORKSPACE"))
	err := storyOf(ts).view(func(tx runner.Tx) error {
		_, content, err := tx.State(workspaces.ID(args[0]), 0)
		if err == nil {
			_, err = ts.Stdout().Write(content)
		}
		return err
	})
	switch {
	case neg && err == nil:
		ts.Fatalf("driftless keeps a state of %s", args[0])
	case neg && errors.Is(err, runner.ErrNotFound):
	case err != nil:
		ts.Fatalf("state of %s: %v", args[0], err)
	}
}

// leaveLock locks the state of a workspace as an apply does that ends without giving the lock back.
func leaveLock(_ *testscript.TestScript, s *story, args []string) (err error) {
	if err := usage(args, 1, 1, "leavelock WORKSPACE"); err != nil {
		return err
	}
	db, _, err := daemon.OpenStore(background(), s.place(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Update(background(), func(tx runner.Tx) error {
		id := workspaces.ID(args[0])
		runs, err := tx.Runs(runner.RunFilter{Workspace: id, Purposes: []runner.Purpose{runner.PurposeApply}, Limit: 1})
		if err != nil || len(runs) == 0 {
			return errors.Join(err, fmt.Errorf("%s has %d applies", id, len(runs)))
		}
		return tx.LockState(runner.StateLock{Workspace: id, ID: "left", Info: []byte("{}"), RunID: runs[0].ID, CreatedAt: time.Now()})
	})
}

// tick waits until the clock shows another second: its resolution is what the story is about.
func tick(*testscript.TestScript, *story, []string) error {
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	return nil
}
