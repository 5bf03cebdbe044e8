package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// prepare finds the workspace, and makes its checkout, engine and environment ready.
func (j *job) prepare(ctx context.Context) error {
	if j.w == nil {
		return j.r.unwatched(j.run.Repository)
	} else if j.w.closed != nil {
		return j.w.closed
	}
	if err := j.find(ctx); err != nil {
		return err
	}
	e, err := j.engine(ctx)
	if err != nil {
		return err
	}
	j.run.Engine = e.String()
	j.dir = j.r.runDir(j.run.ID)
	if err := errors.Join(os.RemoveAll(j.dir), os.MkdirAll(j.dir, 0o700)); err != nil {
		return err
	}
	co, err := j.checkout(ctx)
	if err != nil {
		return err
	}
	env, err := j.r.opts.Environment(ctx, j.ws, j.run.Purpose.writes())
	if err != nil {
		return err
	}
	for _, value := range env {
		j.mask.Add(value)
	}
	if gc := j.r.memory.collector(j.run.ID); gc != "" && env["GOGC"] == "" {
		env["GOGC"] = gc
	}
	env["DRIFTLESS_RUN"] = strconv.FormatInt(j.run.ID, 10) // for the names of sessions and the like
	if err := j.ready(ctx, co, e, env); err != nil {
		return err
	}
	if j.ws.Backend.Managed() {
		if err := j.grantState(ctx, env); err != nil {
			return err
		}
	}
	return j.open(e, env)
}

// find resolves the workspace as its purpose sees it.
func (j *job) find(ctx context.Context) error {
	trusted := j.run.Base // a pull request is judged by the tracked branch it was merged with
	if j.run.Purpose != PurposePlan {
		repo, err := j.repository(ctx)
		if err != nil {
			return err
		}
		j.head = repo.Head // what a workspace may do is what the tracked branch says now
		trusted = repo.Head
	}
	if err := j.record(ctx); err != nil {
		return err
	}
	if err := j.w.provide(ctx, j.run, j.run.Commit, j.run.Base, trusted, j.appliedBefore()); err != nil {
		return err
	}
	ws, digest, err := j.w.workspace(ctx, j.run, trusted)
	if err != nil {
		return err
	}
	if j.ws = ws; j.ws == nil {
		return fmt.Errorf("workspace %s does not exist at %.8s", j.run.Workspace, j.run.Commit)
	}
	j.traits = traits{Dir: ws.Dir, Backend: foreignBackend(ws)}
	if len(j.ws.Problems) > 0 {
		return userError(strings.Join(j.ws.Problems, "\n"))
	}
	if !digest.Floating {
		j.init = digest.InitKey
	}
	return nil
}

// record reads what is on record of the workspace.
func (j *job) record(ctx context.Context) error {
	return j.r.opts.Store.View(ctx, func(tx Tx) error {
		rec, err := tx.Workspace(j.run.Workspace)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		j.rec = rec
		return err
	})
}

// appliedBefore is the commit that was applied last, where an apply asks what was merged since.
func (j *job) appliedBefore() string {
	if j.run.Purpose != PurposeApply {
		return ""
	}
	return j.rec.AppliedCommit
}

func (j *job) repository(ctx context.Context) (repo Repository, err error) {
	err = j.r.opts.Store.View(ctx, func(tx Tx) error {
		repo, err = tx.Repository(j.run.Repository)
		return err
	})
	return repo, err
}

// checkout makes the tree of the run ready, at the workspace's work directory: always the same path, so that abspath()
// says the same in every plan. What is applied gets a checkout of its own there; other runs see the one that plans share.
func (j *job) checkout(ctx context.Context) (*checkout, error) {
	path := j.r.workDir(j.run.Workspace)
	if j.run.Purpose == PurposePlan {
		return j.sharedCheckout(ctx, path)
	}
	j.undo = append(j.undo, j.r.workDirs.lock(path))
	if err := j.clearWork(ctx, path); err != nil {
		return nil, err
	}
	if j.run.Purpose != PurposeApply {
		return j.sharedCheckout(ctx, path)
	}
	j.at = path
	j.undo = append(j.undo, func() { j.remove(path) })
	return private(ctx, j.w.mirror, j.run.Tree, path)
}

// sharedCheckout links the work directory to the shared checkout. A pull request's plan finds it taken now and then; then
// it works in the shared checkout itself, and the planner tells the two paths from a change.
func (j *job) sharedCheckout(ctx context.Context, path string) (*checkout, error) {
	co, release, err := j.r.checkouts.use(ctx, j.w.mirror, j.run.Repository, j.run.Tree, j.trusted())
	if err != nil {
		return nil, err
	}
	j.undo = append(j.undo, release)
	j.at = co.path
	if j.run.Purpose == PurposePlan {
		unlock, free := j.r.workDirs.tryLock(path)
		if !free {
			return co, nil
		}
		j.undo = append(j.undo, unlock)
		if info, err := os.Lstat(path); err == nil && info.IsDir() {
			return co, nil // left by an apply; the next apply looks what is in it
		}
		_ = os.Remove(path)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(co.path, path)); err != nil {
		return nil, err
	}
	j.at = path
	j.undo = append(j.undo, func() { _ = os.Remove(path) })
	return co, nil
}
