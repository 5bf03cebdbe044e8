// Package daemon puts driftless together: store, engines, state backend, runner and API. It is the only place that wires.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/metrics"
	"github.com/driftlessops/driftless/runner/retention"
	"github.com/driftlessops/driftless/runner/server"
	"github.com/driftlessops/driftless/runner/store"
	"github.com/driftlessops/driftless/runner/tracing"
	"github.com/driftlessops/driftless/workspaces"
)

// Options of a Daemon.
type Options struct {
	Config  *workspaces.Config
	DataDir string
	Mirrors []string // filesystem mirrors of providers that are asked before the registries
	Version string   // of driftless, for metrics
	Kind    string   // of replica: runner.Serve or runner.Worker; "" = runner.Serve
	Takes   runner.Selector
	Notify  func(runner.Event)
	// Patience is for how long a database that is away, or kept busy, is waited for; 0 = until ctx is done, and meanwhile
	// the http block's address answers that this process is not ready.
	Patience time.Duration
	// Progress is told what engines say while they work; may be nil.
	Progress func(runner.Run, engine.Progress)
	Logger   *slog.Logger

	environment func(ctx context.Context, w *workspaces.Workspace, apply bool) (map[string]string, error) // nil: identities
	statesOf    *Place                                                                                    // another place whose states are read
}

// Daemon is driftless on one data directory.
type Daemon struct {
	Runner *runner.Runner
	Store  runner.Store
	API    *server.API

	opts    Options
	metrics *metrics.Metrics
	keeper  *retention.Keeper
	retries func() int64           // of the store
	damaged func() bool            // it met damage
	hooks   map[string]server.Hook // by the name of the forge's block
	undo    []func() error         // in the order in which things were made
}

// ErrBusy says that another driftless holds the data directory.
var ErrBusy = errors.New("another driftless is using it")

// New puts a daemon together. It contacts no remote and starts nothing but the state backend's listener. Stop undoes it.
func New(ctx context.Context, opts Options) (d *Daemon, err error) {
	if opts.Config == nil || opts.DataDir == "" {
		return nil, errors.New("daemon: Config and DataDir are required")
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	d = &Daemon{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Stop())
			d = nil
		}
	}()
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return d, err
	}
	if opts.DataDir, err = resolved(opts.DataDir); err != nil {
		return d, err
	}
	d.opts = opts
	unlock, err := lock(ctx, filepath.Join(opts.DataDir, "lock"))
	if err != nil {
		return d, fmt.Errorf("data directory %s: %w", opts.DataDir, err)
	}
	d.undo = append(d.undo, unlock)
	keys, err := d.openStore(ctx)
	if err != nil {
		return d, err
	}
	if d.metrics, err = metrics.New(metrics.Options{
		Store: d.Store, Retries: d.retries, Damaged: d.damaged, DataDir: opts.DataDir, Version: opts.Version, Logger: opts.Logger,
	}); err != nil {
		return d, err
	}
	return d, d.wire(ctx, keys)
}

func (d *Daemon) openStore(ctx context.Context) (*store.Keys, error) {
	place := PlaceOf(d.opts.Config)
	place.DataDir = d.opts.DataDir
	var db *store.DB
	var keys *store.Keys
	if d.opts.Patience == 0 {
		defer d.listenClosed()()
	}
	err := runner.AwaitStore(ctx, d.opts.Logger, d.opts.Patience, func() (err error) {
		db, keys, err = OpenStore(ctx, place, d.opts.Logger)
		return err
	})
	if err != nil {
		return nil, err
	}
	d.Store, d.retries, d.damaged = db, db.Retries, db.Damaged
	d.undo = append(d.undo, db.Close)
	return keys, nil
}

// wire makes what works on the store.
func (d *Daemon) wire(ctx context.Context, keys *store.Keys) error {
	paths, releases := map[engine.Kind]string{}, map[engine.Kind]string{}
	for _, block := range d.opts.Config.Engines {
		if block.Path != "" {
			paths[engine.Kind(block.Kind)] = block.Path
		}
		if block.Releases != "" {
			releases[engine.Kind(block.Kind)] = block.Releases
		}
	}
	finder, err := engine.NewFinder(engine.FinderOptions{DataDir: d.opts.DataDir, Paths: paths, Releases: releases, Logger: d.opts.Logger})
	if err != nil {
		return err
	}
	providers, err := engine.NewProviderCache(engine.ProviderCacheOptions{
		Dir: filepath.Join(d.opts.DataDir, "providers"), Mirrors: append(d.opts.Mirrors, d.opts.Config.Mirrors...), Logger: d.opts.Logger,
	})
	if err != nil {
		return err
	}
	state, err := d.serveState(ctx)
	if err != nil {
		return err
	}
	d.warnOfExposed()
	accounts, err := d.accounts()
	if err != nil {
		return err
	}
	if d.keeper, err = NewKeeper(d.Store, d.opts.DataDir, d.opts.Config, d.opts.Logger); err != nil {
		return err
	}
	tracer, stop := tracing.New(ctx, d.opts.Version, d.opts.Logger)
	d.undo = append(d.undo, stop)
	d.Runner, err = runner.New(ctx, runner.Options{
		Accounts: accounts,
		Config:   d.opts.Config, DataDir: d.opts.DataDir, Store: d.Store, Key: keys.HMAC(), Finder: finder, Providers: providers,
		State: state, Environment: d.opts.environment, Notify: d.opts.Notify, Meter: d.metrics, Tracer: tracer, Progress: d.opts.Progress, Logger: d.opts.Logger,
		Short:  d.keeper.Short,
		Shared: d.opts.Config.Database != "", Kind: d.opts.Kind, Version: d.opts.Version, Takes: d.opts.Takes,
	})
	if err != nil {
		return err
	}
	d.takeHooks(accounts)
	d.API = server.NewAPI(d.Store, d.Commander(), d.opts.Logger)
	d.API.Sweeps(d.keeper)
	return nil
}

// Commander carries out commands on this daemon.
func (d *Daemon) Commander() *runner.Commander {
	return &runner.Commander{Store: d.Store, DataDir: d.opts.DataDir, Notify: d.Runner.Told}
}

// serveState serves the state backend on a loopback port for as long as the daemon exists.
func (d *Daemon) serveState(ctx context.Context) (runner.StateAccess, error) {
	states := d.Store
	if d.opts.statesOf != nil {
		other, err := d.otherStore(ctx)
		if err != nil {
			return nil, err
		}
		states = other
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	backend := server.NewStateBackend(states, d.opts.Logger)
	srv := &http.Server{Handler: backend, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(listener) }()
	d.undo = append(d.undo, srv.Close)
	base := "http://" + listener.Addr().String()
	return func(id workspaces.ID, run runner.Run) (map[string]string, func()) {
		return backend.Issue(base, server.Grant{Workspace: id, RunID: run.ID})
	}, nil
}

// SocketPath is where the API of a data directory listens.
func SocketPath(dataDir string) string { return filepath.Join(dataDir, "driftless.sock") }

// Serve polls, works and answers the API, webhooks and metrics until ctx is done; an apply under way is finished first.
func (d *Daemon) Serve(ctx context.Context) error {
	_, stop, err := d.listen()
	if err != nil {
		return err
	}
	defer stop()
	listener, err := listenUnix(SocketPath(d.opts.DataDir))
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: d.API, ReadHeaderTimeout: 10 * time.Second, ConnContext: peerActor}
	go func() { _ = srv.Serve(listener) }()
	defer func() { _ = srv.Close() }()
	keeping, stopKeeping := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { d.keeper.Run(keeping) })
	defer group.Wait()
	defer stopKeeping()
	return d.Runner.Run(ctx)
}

// Stop undoes New, in reverse.
func (d *Daemon) Stop() error {
	var problems []error
	for i := len(d.undo) - 1; i >= 0; i-- {
		problems = append(problems, d.undo[i]())
	}
	d.undo = nil
	return errors.Join(problems...)
}
