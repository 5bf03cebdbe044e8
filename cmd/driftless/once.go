package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

// pass is what one full pass did, and how everything stands after it.
type pass struct {
	Runs       []server.RunView       `json:"runs"` // that were worked on, oldest first
	Workspaces []server.WorkspaceView `json:"workspaces"`
	waiting    []waiting
}

// passPatience is for how long a pass waits for a database that is away.
const passPatience = 20 * time.Second

// once makes one full pass and says what came of it.
func (a *app) once(ctx context.Context, config *workspaces.Config, labels []string, detailed bool) error {
	progress := newProgress(a.err)
	defer progress.stop()
	logger := a.loggerAt(progress, slog.LevelWarn)
	var mu sync.Mutex
	touched := map[int64]bool{}
	d, err := a.open(ctx, daemon.Options{
		Config: config, DataDir: config.DataDir, Version: thisBuild().Version, Takes: labels, Logger: logger,
		Patience: passPatience,
		Notify: func(e runner.Event) {
			progress.told(e)
			mu.Lock()
			defer mu.Unlock()
			touched[e.RunID] = touched[e.RunID] || slices.Contains([]string{"planning", "applied", "apply failed", "apply interrupted"}, e.Kind)
		},
	})
	if err != nil {
		return err
	}
	defer tellStopping(ctx, logger, config.DataDir)()
	err = d.Once(ctx)
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
	var err error
	p.waiting, err = waitingIn(ctx, client, p.Workspaces)
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
		if err := a.printRuns(p.withoutWaits()); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(a.out)
	}
	if _, err := fmt.Fprint(a.out, p.summary()); err != nil {
		return err
	}
	return a.printWaiting(p.waiting)
}

// withoutWaits are the runs without the reasons that the list of what waits gives below them.
func (p *pass) withoutWaits() []server.RunView {
	runs := slices.Clone(p.Runs)
	for i := range runs {
		if slices.ContainsFunc(p.waiting, func(w waiting) bool { return w.run == runs[i].ID }) {
			runs[i].Reason = ""
		}
	}
	return runs
}

// summary says how the workspaces stand.
func (p *pass) summary() string {
	bySync, degraded := map[string]int{}, 0
	for _, w := range p.Workspaces {
		bySync[w.Sync]++
		if w.Health == string(runner.Degraded) {
			degraded++
		}
	}
	var parts []string
	for _, sync := range sortedKeys(bySync) {
		parts = append(parts, fmt.Sprintf("%d %s", bySync[sync], sync))
	}
	text := count(len(p.Workspaces), "workspace", "workspaces")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if degraded > 0 {
		text += fmt.Sprintf("; checks fail in %d", degraded)
	}
	text += ".\n"
	if len(p.Runs) == 0 {
		text = "Nothing was due. " + text
	}
	return text
}
