package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/driftlessops/driftless/planner/mask"
)

// RootOptions describe one root module that is to be run.
type RootOptions struct {
	Engine             Engine
	Dir                string            // absolute directory of the root module in a checkout; plans write nothing into it
	DataDir            string            // TF_DATA_DIR, absolute; made when missing; one command at a time uses it
	Seed               string            // a data directory of the same root that other runs write, absolute; what its last init left is copied when this one's would be the same; "" = none
	TempDir            string            // private TMPDIR and HOME of the engine; made when missing
	Env                map[string]string // all that the engine's environment holds besides the basics (PATH, HOME, TMPDIR, TF_*)
	BackendConfig      map[string]string
	VarFiles           []string          // absolute, or relative to Dir
	Variables          map[string]string // as -var takes them: text for string, number, bool and untyped variables, else an expression
	TerraformWorkspace string
	Parallelism        int
	Providers          *ProviderCache // nil = init asks the registries; Dir's lock file must be one that Prepare returned
	Trusted            bool           // of Providers, use only what trusted runs brought there: as PrepareOptions.Trusted
	InitKey            string         // from the input digest; "" = init always
	Mask               *mask.Masker
	Progress           func(Progress)                                  // may be nil
	Log                func(line string)                               // may be nil: human-readable masked lines of the run's log
	Command            func(context.Context, Phase) (done func(error)) // called before each command, done after it; may be nil
	Limits             map[Phase]time.Duration                         // how long a command of a phase may take; what is not there may take as long as it likes
	InterruptWait      time.Duration                                   // how long a canceled command gets before it is killed; 0 = 5 minutes
	Logger             *slog.Logger
}

// Root is one root module ready to run. It runs one command at a time.
type Root struct {
	opts    RootOptions
	session session
}

// Open checks the options and writes the engine's CLI configuration.
func Open(opts RootOptions) (*Root, error) {
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("engine: open %s: %w", opts.Dir, err)
	}
	if opts.Mask == nil {
		opts.Mask = &mask.Masker{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	for _, dir := range []string{opts.DataDir, opts.TempDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("engine: open %s: %w", opts.Dir, err)
		}
	}
	r := &Root{opts: opts}
	r.session = session{
		engine: opts.Engine, dir: opts.Dir, tempDir: opts.TempDir, granted: opts.Env,
		own:  map[string]string{"TF_DATA_DIR": opts.DataDir, cliConfigVariable: r.cliConfig()},
		mask: opts.Mask, progress: opts.Progress, log: opts.Log, command: opts.Command,
		interruptWait: opts.InterruptWait, limits: opts.Limits, logger: opts.Logger,
	}
	return r, r.configure()
}

func (o RootOptions) check() error {
	for _, path := range []struct{ name, value string }{
		{"Engine.Path", o.Engine.Path}, {"Dir", o.Dir}, {"DataDir", o.DataDir}, {"TempDir", o.TempDir},
	} {
		if !filepath.IsAbs(path.value) {
			return fmt.Errorf("%s %q is not an absolute path", path.name, path.value)
		}
	}
	info, err := os.Stat(o.Dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("not a directory")
	}
	for _, name := range sortedKeys(o.BackendConfig) {
		if !hclsyntax.ValidIdentifier(name) {
			return fmt.Errorf("backend_config: %q is not the name of a backend setting", name)
		}
	}
	for _, name := range sortedKeys(o.Variables) {
		if !hclsyntax.ValidIdentifier(name) {
			return fmt.Errorf("variables: %q is not the name of a variable", name)
		}
	}
	return checkEnv(o.Env)
}

func (r *Root) cliConfig() string { return filepath.Join(r.opts.TempDir, "cli.tfrc") }

// configure writes the engine's CLI configuration: providers come from the cache only, so that many roots can init at
// the same time.
func (r *Root) configure() error {
	text := ""
	if r.opts.Providers != nil {
		view, err := r.opts.Providers.view(r.opts.Dir, r.opts.Trusted)
		if err != nil {
			return fmt.Errorf("engine: open %s: %w", r.opts.Dir, err)
		}
		text = installFrom(view)
	}
	if err := os.WriteFile(r.cliConfig(), []byte(text), 0o600); err != nil {
		return fmt.Errorf("engine: open %s: %w", r.opts.Dir, err)
	}
	return nil
}

// selected is the environment of commands that work on a state.
func (r *Root) selected() map[string]string {
	if r.opts.TerraformWorkspace == "" {
		return nil
	}
	return map[string]string{"TF_WORKSPACE": r.opts.TerraformWorkspace}
}
