package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

// pass is what one full pass did, and how everything stands after it.
type pass struct {
	Runs       []server.RunView       `json:"runs"` // that were worked on, oldest first
	Workspaces []server.WorkspaceView `json:"workspaces"`
	held       []server.RunView
}

// once makes one full pass and says what came of it.
func (a *app) once(ctx context.Context, config *workspaces.Config, detailed bool) error {
	progress := newProgress(a.err)
	defer progress.stop()
	var mu sync.Mutex
	touched := map[int64]bool{}
	d, err := a.open(ctx, daemon.Options{
		Config: config, DataDir: config.DataDir, Logger: a.loggerAt(progress, slog.LevelWarn),
		Notify: func(e runner.Event) {
			progress.told(e)
			mu.Lock()
			defer mu.Unlock()
			touched[e.RunID] = touched[e.RunID] || e.Kind == "planning" || e.Kind == "apply interrupted"
		},
	})
	if err != nil {
		return err
	}
	err = d.Runner.Once(ctx)
	progress.stop()
	if errors.Is(err, context.Canceled) {
		a.say("Stopped before the pass was done; the next one goes on where this one ended.")
		return errors.Join(err, d.Stop())
	}
	p, lookErr := look(context.WithoutCancel(ctx), server.Local(d.API, daemon.Actor()), touched)
	if err = errors.Join(err, lookErr, d.Stop()); lookErr == nil {
		err = errors.Join(err, a.printPass(p))
	}
	if err == nil && detailed && p.waits() {
		return exitCode(2)
	}
	return err
}

func look(ctx context.Context, client *server.Client, touched map[int64]bool) (*pass, error) {
	p := &pass{Runs: []server.RunView{}}
	if err := client.Get(ctx, "/v1/workspaces", nil, &p.Workspaces); err != nil {
		return p, err
	}
	for id, worked := range touched {
		if !worked {
			continue
		}
		var run server.RunView
		if err := client.Get(ctx, "/v1/runs/"+strconv.FormatInt(id, 10), nil, &run); err != nil {
			return p, err
		}
		p.Runs = append(p.Runs, run)
	}
	slices.SortFunc(p.Runs, func(x, y server.RunView) int { return int(x.ID - y.ID) })
	err := client.Get(ctx, "/v1/runs", url.Values{"status": {string(runner.Held), string(runner.Interrupted)}, "purpose": {"apply", "drift"}}, &p.held)
	slices.Reverse(p.held)
	drifted := map[string]bool{}
	for _, w := range p.Workspaces {
		drifted[w.ID] = !w.DriftSince.IsZero()
	}
	p.held = slices.DeleteFunc(p.held, func(r server.RunView) bool { // drift that an apply settled waits for nobody
		return r.Purpose == string(runner.PurposeDrift) && !drifted[r.Workspace]
	})
	return p, err
}

// waits reports whether a workspace waits for a person.
func (p *pass) waits() bool {
	return slices.ContainsFunc(p.Workspaces, func(w server.WorkspaceView) bool { return w.Sync != string(runner.Synced) && !w.Orphan })
}

func (a *app) printPass(p *pass) error {
	if a.output == "json" {
		return printJSON(a.out, p)
	}
	if len(p.Runs) > 0 {
		if err := a.printRuns(p.Runs); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(a.out)
	}
	_, err := fmt.Fprint(a.out, p.summary())
	return err
}

// summary says how the workspaces stand, and what to type next.
func (p *pass) summary() string {
	bySync := map[string]int{}
	for _, w := range p.Workspaces {
		bySync[w.Sync]++
	}
	var parts []string
	for _, sync := range sortedKeys(bySync) {
		parts = append(parts, fmt.Sprintf("%d %s", bySync[sync], sync))
	}
	text := count(len(p.Workspaces), "workspace", "workspaces")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	text += ".\n"
	if len(p.Runs) == 0 {
		text = "Nothing was due. " + text
	}
	if len(p.held) == 0 {
		return text
	}
	first := strconv.FormatInt(p.held[0].ID, 10)
	text += "\n" + count(len(p.held), "run waits", "runs wait") + " for an approval. Next:\n"
	for _, next := range [][2]string{
		{"show " + first, "what it would do"}, {"approve " + first, "the next pass applies it"}, {"runs --status held", "everything that is held"},
	} {
		text += fmt.Sprintf("  driftless %-20s # %s\n", next[0], next[1])
	}
	return text
}
