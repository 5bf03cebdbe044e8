package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/server"
)

// showNamed shows what a word that is no number names: a pull request, or a workspace.
func (a *app) showNamed(ctx context.Context, client *server.Client, word string) error {
	found, missing := oneNamed(ctx, client, word)
	if missing == nil && strings.Contains(word, "//") {
		return a.showOne(ctx, client, found)
	}
	err := a.showPull(ctx, client, word)
	if none := noPull(""); missing == nil && errors.As(err, &none) {
		return a.showOne(ctx, client, found)
	}
	return err
}

func (a *app) showOne(ctx context.Context, client *server.Client, w server.WorkspaceView) error {
	list, err := waitingIn(ctx, client, []server.WorkspaceView{w})
	if err != nil {
		return err
	}
	return a.showWorkspace(w, append(list, waiting{})[0])
}

// showWorkspace prints what is known of a workspace, leaving out what is not, and what it waits for.
func (a *app) showWorkspace(w server.WorkspaceView, waits waiting) error {
	if a.output == "json" {
		return printJSON(a.out, w)
	}
	a.line("Workspace", w.ID)
	a.line("Status", w.Sync)
	a.line("Why", w.Reason)
	if health := healthOf(w); health != "" {
		a.line("Health", health)
		for _, check := range w.FailedChecks {
			a.line("", check.String())
		}
		a.line("Evaluated", clock(w.HealthAt))
	}
	a.line("Labels", labelsText(w.Labels))
	a.line("Owner", w.Owner)
	a.line("Reserved by", w.ReservedBy)
	a.line("Commit", w.AppliedCommit)
	if w.AppliedRun != 0 {
		a.line("Applied", fmt.Sprintf("%s by run %d", clock(w.AppliedAt), w.AppliedRun))
	}
	a.line("Checked", clock(w.CheckedAt))
	if !w.DriftSince.IsZero() {
		a.line("Drifted", "since "+clock(w.DriftSince))
	}
	if w.Backend == "" {
		a.line("State", "driftless keeps it")
	} else {
		a.line("State", fmt.Sprintf("its backend %q keeps it", w.Backend))
	}
	if w.Lock != nil {
		a.line("Locked by", w.Lock.String())
	}
	switch {
	case waits.status == string(runner.Interrupted):
		a.say("\nNext: `driftless show %d` says what is known of the interrupted apply; `driftless resume %[1]d` or `driftless discard %[1]d` settles it, and the lock of the state with it.", waits.run)
	case w.Lock != nil && w.Lock.Stuck():
		a.say("\nNext: if the holder of the lock is gone for good, `driftless unlock %s` takes the lock away.", w.ID)
	case waits.run != 0:
		a.say("\nNext: `driftless show %d`, which is %s, says what can be done.", waits.run, waits.status)
	default:
		a.say("\nNext: `driftless runs -w %s` lists its runs, `driftless state list %[1]s` its resources.", w.ID)
	}
	return nil
}

// healthOf is the health of a workspace that has checks, or "".
func healthOf(w server.WorkspaceView) string {
	if w.HealthAt.IsZero() {
		return ""
	}
	return w.Health
}

// noteOf is what the list says of a workspace: why it stands so, and who holds its state though nothing works there.
func noteOf(w server.WorkspaceView) string {
	note := firstLine(w.Reason)
	if note == "" && len(w.FailedChecks) > 0 {
		note = w.FailedChecks[0].String()
	}
	if w.Lock == nil || !w.Lock.Stuck() || strings.HasPrefix(note, "the state is locked by") {
		return note
	}
	lock := "its state is locked by " + w.Lock.String()
	if note == "" {
		return lock
	}
	return lock + "; " + note
}
