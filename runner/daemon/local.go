package daemon

import (
	"context"
	"os"
	"strings"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// LocalOptions of a daemon that plans a work tree for a developer and is gone.
type LocalOptions struct {
	Options
	StatesOf *Place // whose states are read; nil = nobody's
}

// NewLocal puts together a daemon for runner.PlanLocal, on a data directory of its own. Its engines get the caller's
// environment: it is the developer who plans.
func NewLocal(ctx context.Context, opts LocalOptions) (*Daemon, error) {
	opts.Config = withoutRepositories(opts.Config)
	opts.environment = callersEnvironment
	opts.statesOf = opts.StatesOf
	return New(ctx, opts.Options)
}

func withoutRepositories(config *workspaces.Config) *workspaces.Config {
	local := *config
	local.Repositories = nil
	local.Database, local.DatabasePassword, local.EncryptionKey = "", nil, nil
	return &local
}

// callersEnvironment is this process's environment without what steers the engine itself.
func callersEnvironment(context.Context, *workspaces.Workspace, bool) (map[string]string, error) {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case name == "PATH" || name == "HOME" || name == "TMPDIR" || strings.HasPrefix(name, "DRIFTLESS_"):
		case strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "TF_VAR_") && !strings.HasPrefix(name, "TF_TOKEN_"):
		default:
			env[name] = value
		}
	}
	return env, nil
}

// otherStore opens the database of another place, for its states.
func (d *Daemon) otherStore(ctx context.Context) (runner.Store, error) {
	db, err := OpenExisting(ctx, *d.opts.statesOf, d.opts.Logger)
	if err != nil {
		return nil, err
	}
	d.undo = append(d.undo, db.Close)
	return db, nil
}
