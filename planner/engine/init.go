package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// init prepares the data directory, and reports whether the engine ran for that. It is skipped when InitKey and the engine equal
// those of the last successful init, of this directory or of the seed; force runs it in any case.
func (r *Root) init(ctx context.Context, force bool) (ran bool, err error) {
	if err := r.configure(); err != nil {
		return false, &Error{Phase: PhaseInit, Err: err}
	}
	key, err := r.initKey(r.opts.DataDir)
	if err != nil {
		return false, &Error{Phase: PhaseInit, Err: err}
	}
	if !force && r.opts.InitKey != "" && (recorded(r.opts.DataDir) == key || r.seeded(key)) {
		return false, nil
	}
	if err := r.clear(); err != nil {
		return false, &Error{Phase: PhaseInit, Err: err}
	}
	args, err := r.initArgs()
	if err != nil {
		return false, &Error{Phase: PhaseInit, Err: err}
	}
	if err := r.session.run(ctx, PhaseInit, nil, nil, args...); err != nil {
		return true, err
	}
	if err := r.selectWorkspace(ctx); err != nil {
		return true, err
	}
	if err := writeFile(record(r.opts.DataDir), []byte(key)); err != nil {
		return true, &Error{Phase: PhaseInit, Err: err}
	}
	return true, nil
}

// initKey hashes all that init into a data directory reads and this package knows.
func (r *Root) initKey(dataDir string) (string, error) {
	view := ""
	if r.opts.Providers != nil {
		var err error
		if view, err = r.opts.Providers.view(r.opts.Dir, r.opts.Trusted); err != nil {
			return "", err
		}
	}
	parts, err := json.Marshal([]any{
		1, r.opts.InitKey, r.opts.Engine, r.opts.BackendConfig, r.opts.TerraformWorkspace, view, dataDir,
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:]), nil
}

// record is where the key of the last successful init into a data directory is kept.
func record(dataDir string) string { return filepath.Join(dataDir, "driftless-init") }

func recorded(dataDir string) string {
	key, err := os.ReadFile(record(dataDir))
	if err != nil {
		return ""
	}
	return string(key)
}

// clear removes what init would keep though it may be out of date: modules behind a branch that moved, links to
// providers that are gone, and a selected workspace that may not exist any more.
func (r *Root) clear() error {
	names := []string{"driftless-init", "modules", "environment"}
	if r.opts.Providers != nil {
		names = append(names, "providers")
	}
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(r.opts.DataDir, name)); err != nil {
			return fmt.Errorf("clear the data directory: %w", err)
		}
	}
	return nil
}

// initArgs always reconfigures: state is never migrated here, and with a changed backend configuration Terraform
// would otherwise go on with the old state.
func (r *Root) initArgs() ([]string, error) {
	args := []string{"init", "-input=false", "-no-color", "-reconfigure", "-lockfile=readonly"}
	if len(r.opts.BackendConfig) > 0 {
		// A file, because a process's arguments are there for everyone to read; not JSON, whose templates only OpenTofu expands.
		path := filepath.Join(r.opts.TempDir, "backend.tfbackend")
		var config strings.Builder
		for _, name := range sortedKeys(r.opts.BackendConfig) {
			fmt.Fprintf(&config, "%s = %s\n", name, quote(r.opts.BackendConfig[name]))
		}
		if err := writeFile(path, []byte(config.String())); err != nil {
			return nil, err
		}
		args = append(args, "-backend-config="+path)
	}
	vars, err := r.earlyVars()
	return append(args, vars...), err
}

// earlyVars are the variables for commands that only OpenTofu needs them for: its module sources and backends may use
// variables.
func (r *Root) earlyVars() ([]string, error) {
	if r.opts.Engine.Kind == OpenTofu && atLeast(r.opts.Engine.Version, "1.8.0") {
		return r.varArgs()
	}
	return nil, nil
}

// selectWorkspace selects the Terraform workspace, and makes it when there is none.
func (r *Root) selectWorkspace(ctx context.Context) error {
	name := r.opts.TerraformWorkspace
	if name == "" || name == "default" {
		return nil
	}
	vars, err := r.earlyVars()
	if err != nil {
		return &Error{Phase: PhaseInit, Err: err}
	}
	quiet := r.session
	quiet.log, quiet.progress = nil, nil
	command := func(verb string) []string {
		return append(append([]string{"workspace", verb, "-no-color"}, vars...), name)
	}
	if err := quiet.run(ctx, PhaseInit, nil, nil, command("select")...); err == nil || ctx.Err() != nil {
		return err
	}
	return r.session.run(ctx, PhaseInit, nil, nil, command("new")...)
}

// writeFile replaces path in one step by a file that only its owner reads.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
