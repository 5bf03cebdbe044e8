package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/driftlessops/driftless/planner/mask"
)

// PrepareOptions say for which root module providers are wanted.
type PrepareOptions struct {
	Engine  Engine
	Dir     string            // absolute directory of the root module in a checkout; only read
	Env     map[string]string // as RootOptions.Env: credentials of registries and of module sources
	Trusted bool              // the code and its lock file are the tracked branch's or the operator's, not a pull request's
	Refresh bool              // ask again though the answer is known: for modules behind a branch that moved
	Mask    *mask.Masker
	Log     func(line string) // may be nil; as RootOptions.Log
}

// Prepare puts the providers that a root module needs into the cache, and returns the completed lock file that is to
// be written into the module's directory before it is opened; nil when it needs none. It downloads at most once for
// equal lock files, requirements and engines; for a module without a lock file versions stay what they were at first,
// until its requirements change. Nothing that it brings into the cache for a run that is not trusted is ever used by
// one that is. It never writes into the checkout. An engine that fails is an *Error.
func (c *ProviderCache) Prepare(ctx context.Context, opts PrepareOptions) (lock []byte, err error) {
	fail := func(err error) ([]byte, error) {
		if failed := (*Error)(nil); errors.As(err, &failed) {
			return nil, err
		}
		return nil, fmt.Errorf("engine: prepare the providers of %s: %w", opts.Dir, err)
	}
	if err := checkEnv(opts.Env); err != nil {
		return fail(err)
	}
	root, err := filepath.EvalSymlinks(opts.Dir)
	if err != nil {
		return fail(err)
	}
	if lock, err = readLock(root); err != nil {
		return fail(err)
	}
	parsed, err := parseLock(lock)
	if err != nil {
		return fail(err)
	}
	wanted, err := readModules(root)
	if err != nil {
		return fail(err)
	}
	if len(parsed.Providers) == 0 && !wanted.external() {
		return lock, nil
	}
	key, err := wanted.key(opts.Engine, c.opts.Mirrors, lock)
	if err != nil {
		return fail(err)
	}
	parts := c.parts(opts.Trusted)
	if kept, ok := parts.kept(key); ok && !opts.Refresh {
		return kept, nil
	}
	unlock, err := lockFile(ctx, filepath.Join(parts.own().locks(), key+".lock"))
	if err != nil {
		return fail(err)
	}
	defer unlock()
	if kept, ok := parts.kept(key); ok && !opts.Refresh {
		return kept, nil
	}
	if lock, err = c.complete(ctx, opts, root, wanted, lock); err != nil {
		return fail(err)
	}
	if err := c.keep(key, wanted, opts, lock); err != nil {
		return fail(err)
	}
	return lock, nil
}

// kept is the completed lock file of an earlier Prepare, when all its packages are still there.
func (ps parts) kept(key string) ([]byte, bool) {
	for _, p := range ps {
		if lock, err := os.ReadFile(filepath.Join(p.locks(), key+".hcl")); err == nil && ps.complete(lock) {
			used(filepath.Join(p.locks(), key+".hcl"))
			return lock, true
		}
	}
	return nil, false
}

// complete reports whether there is a view for a lock file, of packages that are still there.
func (ps parts) complete(lock []byte) bool {
	parsed, err := parseLock(lock)
	if err != nil || (len(parsed.Providers) > 0 && ps.view(lock) == "") {
		return false
	}
	return !slices.ContainsFunc(parsed.Providers, func(p lockedProvider) bool { return ps.have(p) == "" })
}

// keep makes the view of a completed lock file and remembers it, also for a checkout that already holds it.
func (c *ProviderCache) keep(key string, wanted modules, opts PrepareOptions, lock []byte) error {
	parsed, err := parseLock(lock)
	if err != nil {
		return err
	}
	parts := c.parts(opts.Trusted)
	own := parts.own()
	if view := own.viewOf(lock); parts.view(lock) == "" {
		tmp, err := os.MkdirTemp(own.staging(), "view-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(tmp) }()
		if err := errors.Join(os.Chmod(tmp, 0o755), parts.link(tmp, parsed)); err != nil {
			return err
		}
		if err := os.Rename(tmp, view); err != nil && !exists(view) {
			return err
		}
	}
	again, err := wanted.key(opts.Engine, c.opts.Mirrors, lock)
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(filepath.Join(own.locks(), again+".hcl"), lock),
		writeFile(filepath.Join(own.locks(), key+".hcl"), lock),
	)
}

// complete runs an init that may download, in a scratch copy of the configuration, and keeps what it installed.
func (c *ProviderCache) complete(ctx context.Context, opts PrepareOptions, root string, wanted modules, lock []byte) ([]byte, error) {
	parts := c.parts(opts.Trusted)
	dir, err := os.MkdirTemp(parts.own().staging(), "init-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := scratch{dir}
	parsed, err := parseLock(lock)
	if err != nil {
		return nil, err
	}
	if lock, err = addHashes(lock, parts.missingHashes(parsed)); err != nil {
		return nil, err
	}
	if parsed, err = parseLock(lock); err != nil {
		return nil, err
	}
	if err := errors.Join(s.fill(root, wanted.dirs, lock), parts.link(s.pluginCache(), parsed), parts.link(s.mirror(), parsed)); err != nil {
		return nil, err
	}
	c.opts.Logger.Info("preparing providers", "engine", opts.Engine.String(), "dir", opts.Dir)
	if err := c.stage(ctx, s, opts, root, parsed); err != nil {
		return nil, err
	}
	if lock, err = readLock(s.tree(root)); err != nil {
		return nil, err
	}
	completed, err := parseLock(lock)
	if err != nil {
		return nil, err
	}
	return lock, parts.store(s.pluginCache(), parsed, completed)
}

// stage runs the init. When all packages of the lock file are in hand it is tried with them alone, so that a registry
// that is down stops nobody who needs nothing new.
func (c *ProviderCache) stage(ctx context.Context, s scratch, opts PrepareOptions, root string, lock depLock) error {
	init := func(run session, config string) error {
		if err := os.WriteFile(s.cliConfig(), []byte(config), 0o600); err != nil {
			return err
		}
		return run.run(ctx, PhaseInit, nil, nil, "init", "-input=false", "-no-color", "-backend=false")
	}
	run := s.session(opts, root, c.opts.Logger)
	parts := c.parts(opts.Trusted)
	missing := slices.ContainsFunc(lock.Providers, func(p lockedProvider) bool { return parts.have(p) == "" })
	if len(lock.Providers) > 0 && !missing {
		quiet := run
		quiet.log = nil
		if err := init(quiet, installFrom(s.mirror())); err == nil {
			return nil
		}
	}
	return init(run, installFromMirrors(c.opts.Mirrors))
}

// session runs in the scratch copy.
func (s scratch) session(opts PrepareOptions, root string, logger *slog.Logger) session {
	if opts.Mask == nil {
		opts.Mask = &mask.Masker{}
	}
	return session{
		engine: opts.Engine, dir: s.tree(root), tempDir: s.tempDir(), granted: opts.Env,
		own: map[string]string{
			"TF_DATA_DIR": filepath.Join(s.dir, "data"), "TF_CLI_CONFIG_FILE": s.cliConfig(), "TF_PLUGIN_CACHE_DIR": s.pluginCache(),
		},
		mask: opts.Mask, log: opts.Log, logger: logger,
	}
}
