package runner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/workspaces"
)

// overrideFile makes the engine keep the state with driftless, whatever local backend or none the directory has.
const (
	overrideFile    = "driftless_override.tf"
	overrideContent = "# Written by driftless: it keeps the state of this workspace.\nterraform {\n  backend \"http\" {}\n}\n"
	lockFile        = ".terraform.lock.hcl"
)

// constraints are all version constraints of a workspace's engine.
func (r *Runner) constraints(w *workspaces.Workspace) []string {
	all := append([]string(nil), w.VersionConstraints...)
	if w.Version != "" {
		all = append(all, w.Version)
	} else {
		for _, block := range r.opts.Config.Engines {
			if block.Kind == w.Engine && block.Version != "" {
				all = append(all, block.Version)
			}
		}
	}
	return all
}

// engine finds the engine of the run's workspace. What a pull request makes driftless install serves pull requests alone.
func (j *job) engine(ctx context.Context) (engine.Engine, error) {
	kind, all := engine.Kind(j.ws.Engine), j.r.constraints(j.ws)
	if !j.trusted() {
		return j.r.opts.Finder.FindUntrusted(ctx, kind, all)
	}
	return j.r.opts.Finder.Find(ctx, kind, all)
}

// ready writes into the checkout what must be there before any engine starts in the directory: the state backend, and
// the completed lock file.
func (j *job) ready(ctx context.Context, co *checkout, e engine.Engine, env map[string]string) error {
	dir := filepath.Join(co.path, filepath.FromSlash(j.ws.Dir))
	defer co.dirs.lock(j.ws.Dir)()
	if j.ws.Backend.Managed() {
		if err := writeOnce(filepath.Join(dir, overrideFile), []byte(overrideContent)); err != nil {
			return err
		}
	}
	if limit := j.ws.Timeouts.Init; limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, limit, &engine.LimitError{Phase: engine.PhaseInit, Limit: limit})
		defer cancel()
		ctx = limited
	}
	lock, err := j.r.opts.Providers.Prepare(ctx, engine.PrepareOptions{Engine: e, Dir: dir, Env: env, Refresh: j.init == "", Trusted: j.trusted(), Mask: j.mask, Log: j.line})
	if err != nil {
		return err
	}
	if len(lock) == 0 {
		return nil
	}
	return writeOnce(filepath.Join(dir, lockFile), lock)
}

// writeOnce writes a file unless it has the content already. A symbolic link in its place is replaced, never followed.
func writeOnce(name string, content []byte) error {
	if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
		if old, err := os.ReadFile(name); err == nil && string(old) == string(content) {
			return nil
		}
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".driftless-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// trusted reports whether the code of the run is the tracked branch's.
func (j *job) trusted() bool { return j.run.Purpose != PurposePlan }

// grantState lets the engine at the state that driftless keeps, for the time of the run. A pull request that renames a
// workspace plans with the state of the old name.
func (j *job) grantState(ctx context.Context, env map[string]string) error {
	if j.ws.TerraformWorkspace != "" && j.ws.TerraformWorkspace != "default" {
		return userError(fmt.Sprintf("terraform_workspace = %q needs a backend that has workspaces: add a backend block to %s, or use several workspace blocks with a name each", j.ws.TerraformWorkspace, j.ws.Dir))
	}
	id := j.ws.ID
	err := j.r.opts.Store.View(ctx, func(tx Tx) error {
		v, _, err := tx.State(id, 0)
		if errors.Is(err, ErrDamaged) {
			return userError(damagedState(id, v.Version, err))
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		if from := renamedFrom(j.ws); from != "" && j.run.Purpose == PurposePlan {
			if _, _, err := tx.State(from, 0); err == nil {
				id = from
			}
			return nil
		}
		return j.committedState(ctx)
	})
	if err != nil {
		return err
	}
	state, revoke := j.r.opts.State(id, j.run)
	j.undo = append(j.undo, revoke)
	maps.Copy(env, state)
	j.mask.Add(state["TF_HTTP_PASSWORD"])
	return nil
}

// committedState refuses a state file in Git while driftless has none: planning from nothing would build everything again.
func (j *job) committedState(ctx context.Context) error {
	tree, err := j.w.mirror.Tree(ctx, j.run.Tree)
	if err != nil {
		return err
	}
	name := path.Join(j.ws.Dir, orElse(j.ws.Backend.Config["path"], "terraform.tfstate"))
	if _, err := tree.Lookup(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	return userError(fmt.Sprintf("%s is committed to Git, and driftless has no state of this workspace: planning from nothing would build everything a second time. Move the state to a backend and add its block, or remove the file if nothing in it exists any more", name))
}

// open makes the root ready to run.
func (j *job) open(e engine.Engine, env map[string]string) error {
	data, seed := filepath.Join(j.r.opts.DataDir, "data", workspaceKey(j.run.Workspace)), ""
	if j.run.PullID != 0 {
		data, seed = filepath.Join(j.dir, "data"), data // a pull request never writes the kept one
	}
	progress := func(p engine.Progress) {
		if j.r.opts.Progress != nil {
			j.r.opts.Progress(j.run, p)
		}
	}
	var vars []string
	for _, file := range j.ws.VarFiles {
		if rooted, ok := strings.CutPrefix(file, "/"); ok {
			file = filepath.Join(j.at, filepath.FromSlash(rooted))
		}
		vars = append(vars, file)
	}
	root, err := engine.Open(engine.RootOptions{
		Engine: e, Dir: filepath.Join(j.at, filepath.FromSlash(j.ws.Dir)), DataDir: data, Seed: seed, TempDir: filepath.Join(j.dir, "tmp"),
		Env: env, BackendConfig: j.backendConfig(), VarFiles: vars, Variables: j.ws.Variables,
		TerraformWorkspace: j.ws.TerraformWorkspace, Parallelism: j.ws.Parallelism, Providers: j.r.opts.Providers, Trusted: j.trusted(),
		Limits:        map[engine.Phase]time.Duration{engine.PhaseInit: j.ws.Timeouts.Init, engine.PhasePlan: j.ws.Timeouts.Plan, engine.PhaseShow: j.ws.Timeouts.Plan},
		InterruptWait: j.stopWait(),
		InitKey:       j.init, Mask: j.mask, Progress: progress, Log: j.line, Command: j.command, Logger: j.log,
	})
	j.root = root
	return err
}

// stopWait is how long an engine that plans gets to end: it has nothing to save, and at most a lock to release.
func (j *job) stopWait() time.Duration {
	if j.run.Purpose == PurposePlan || j.run.Purpose == PurposeDrift || j.traits.managed() {
		return 5 * time.Second
	}
	return time.Minute
}

// backendConfig leaves out what was meant for a local backend that driftless replaced.
func (j *job) backendConfig() map[string]string {
	if j.ws.Backend.Managed() {
		return nil
	}
	return j.ws.BackendConfig
}

// workDir is where a workspace's applies are checked out.
func (r *Runner) workDir(id workspaces.ID) string { return workDir(r.opts.DataDir, id) }

func workDir(dataDir string, id workspaces.ID) string {
	return filepath.Join(dataDir, "work", workspaceKey(id))
}

// workspaceKey is the name of a workspace's directories: readable, and different for different workspaces.
func workspaceKey(id workspaces.ID) string {
	name := pathKey(strings.ReplaceAll(string(id), "/", "-"))
	return fmt.Sprintf("%.60s-%x", name, sha256.Sum256([]byte(id)))[:min(len(name), 60)+1+12]
}

// WorkspaceKey is the name of the directories of a workspace below data and work in the data directory.
func WorkspaceKey(id workspaces.ID) string { return workspaceKey(id) }

// MirrorName is the name of the directory of a repository's mirror below mirrors in the data directory.
func MirrorName(repository string) string { return pathKey(repository) + ".git" }
