package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/workspaces"
)

const defaultDataDir = "/var/lib/driftless"

// settings reads the operator's file. Its errors are written in full, with their places.
func (a *app) settings() (*workspaces.Config, error) {
	src, err := os.ReadFile(a.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration at %s: write one (docs/getting-started.md has ten lines to begin with), or name another with --config", a.config)
	} else if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config, diags := workspaces.Parse(workspaces.OperatorFile, a.config, src)
	if len(diags) > 0 {
		_, _ = fmt.Fprint(a.err, workspaces.FormatDiagnostics(map[string][]byte{a.config: src}, diags, width(a.err), a.colored(a.err)))
	}
	if diags.HasErrors() {
		return nil, exitCode(1)
	}
	if a.dataDir != "" {
		config.DataDir = a.dataDir
	}
	if config.DataDir == "" {
		config.DataDir = defaultDataDir
	}
	if a.database != "" {
		config.Database = a.database
	}
	return config, nil
}

// optionalSettings reads the operator's file where there is one that this user may read; a developer's machine needs none.
func (a *app) optionalSettings() (*workspaces.Config, error) {
	if a.config == defaultConfig {
		f, err := os.Open(a.config)
		if err != nil {
			return &workspaces.Config{DataDir: a.dataDir, Database: a.database}, nil
		}
		_ = f.Close()
	}
	return a.settings()
}

// place is where what queries are about is kept; it needs no configuration when a flag names the data directory.
func (a *app) place() (daemon.Place, error) {
	if a.dataDir != "" {
		config := &workspaces.Config{}
		if src, err := os.ReadFile(a.config); err == nil {
			if parsed, diags := workspaces.Parse(workspaces.OperatorFile, a.config, src); !diags.HasErrors() {
				config = parsed
			}
		}
		config.DataDir = a.dataDir
		if a.database != "" {
			config.Database = a.database
		}
		return daemon.PlaceOf(config), nil
	}
	config, err := a.settings()
	if err != nil {
		return daemon.Place{}, err
	}
	return daemon.PlaceOf(config), nil
}

// connection is a way to ask: the running driftless, or its database when none is running.
type connection struct {
	*server.Client
	running bool
	store   runner.Store // nil while it is running
	dataDir string
	close   func()
}

// underWay reports whether a run is shown as one that is worked on.
func underWay(r server.RunView) bool {
	return slices.Contains([]string{string(runner.Planning), string(runner.Planned), string(runner.Applying)}, r.Status)
}

// tellStopped says what of that which is shown as under way is not, as far as can be told from here.
func (a *app) tellStopped(ctx context.Context, conn *connection, working bool) {
	if !working || conn.running {
		return
	}
	const stopped = "driftless serve is not running here"
	if others := conn.others(ctx); len(others) > 0 {
		a.say("%s; on this database driftless works on %s (`driftless replicas`).", stopped, strings.Join(others, ", "))
		return
	}
	going := runner.GoingOn(conn.dataDir)
	if over := conn.unrecorded(ctx); len(going) == 0 && len(over) > 0 {
		a.say("%s. The apply of run %s is over, and how it ended is on record once driftless runs again: start it.", stopped, strings.Trim(fmt.Sprint(over), "[]"))
		return
	}
	if len(going) == 0 {
		a.say("%s: what is shown as under way is not, unless a pass of `serve --once` is.", stopped)
		return
	}
	a.say("%s. The apply of run %s goes on without it, and is on record once it runs again; what else is shown as under way is not.",
		stopped, strings.Trim(fmt.Sprint(going), "[]"))
}

// unrecorded are the runs whose applies ended without a driftless to say so, as far as it can be asked.
func (c *connection) unrecorded(ctx context.Context) (runs []int64) {
	if c.store == nil {
		return nil
	}
	_ = c.store.View(ctx, func(tx runner.Tx) (err error) {
		runs, err = runner.Unrecorded(tx, c.dataDir)
		return err
	})
	return runs
}

// others are where other replicas of the database are alive, as far as it can be asked.
func (c *connection) others(ctx context.Context) (hosts []string) {
	if c.store == nil {
		return nil
	}
	_ = c.store.View(ctx, func(tx runner.Tx) (err error) {
		hosts, err = runner.Others(tx, c.dataDir)
		return err
	})
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func (a *app) connect(ctx context.Context) (*connection, error) {
	place, err := a.place()
	if err != nil {
		return nil, err
	}
	if client, ok := daemon.Connect(place.DataDir); ok {
		return &connection{Client: client, running: true, close: func() {}}, nil
	}
	switch err := place.Look(); {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("the data directory %s is not yours: run this as the user that runs driftless, such as `sudo -u driftless driftless …`", place.DataDir)
	case err != nil:
		return nil, fmt.Errorf("there is nothing in the data directory %s yet: `driftless serve` fills it, or --data-dir names another", place.DataDir)
	}
	if place, err = place.Resolved(); err != nil {
		return nil, err
	}
	db, err := daemon.OpenExisting(ctx, place, a.logger())
	if err != nil {
		return nil, err
	}
	api := server.NewAPI(db, &runner.Commander{Store: db, DataDir: place.DataDir}, a.logger())
	return &connection{Client: server.Local(api, daemon.Actor()), store: db, dataDir: place.DataDir, close: func() { _ = db.Close() }}, nil
}
