package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// prepare finds the workspace, and makes its checkout, engine and environment ready.
func (j *job) prepare(ctx context.Context) error {
	if j.w == nil {
		return fmt.Errorf("repository %s is not in the configuration any more", j.run.Repository)
	}
	if err := j.find(ctx); err != nil {
		return err
	}
	e, err := j.engine(ctx)
	if err != nil {
		return err
	}
	j.run.Engine = e.String()
	j.dir = filepath.Join(j.r.opts.DataDir, "runs", fmt.Sprint(j.run.ID))
	if err := errors.Join(os.RemoveAll(j.dir), os.MkdirAll(j.dir, 0o700)); err != nil {
		return err
	}
	co, err := j.checkout(ctx)
	if err != nil {
		return err
	}
	env, err := j.r.opts.Environment(ctx, j.ws, j.run.Purpose == PurposeApply)
	if err != nil {
		return err
	}
	for _, value := range env {
		j.mask.Add(value)
	}
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
	set, err := j.w.resolveAnew(ctx, j.run.Tree, trusted)
	if err != nil {
		return err
	}
	if j.ws = set.Workspace(j.run.Workspace); j.ws == nil {
		return fmt.Errorf("workspace %s does not exist at %.8s", j.run.Workspace, j.run.Commit)
	}
	if len(j.ws.Problems) > 0 {
		return userError(strings.Join(j.ws.Problems, "\n"))
	}
	digest, err := j.w.digester.Digest(ctx, set, j.ws)
	if err != nil {
		return err
	}
	if !digest.Floating {
		j.init = digest.InitKey
	}
	return j.r.opts.Store.View(ctx, func(tx Tx) error {
		rec, err := tx.Workspace(j.run.Workspace)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		j.rec = rec
		return err
	})
}

func (j *job) repository(ctx context.Context) (repo Repository, err error) {
	err = j.r.opts.Store.View(ctx, func(tx Tx) error {
		repo, err = tx.Repository(j.run.Repository)
		return err
	})
	return repo, err
}

// checkout makes the tree of the run ready. A pull request's plans share one checkout per tree. What is applied gets a
// private one, always at the same path, so that abspath() says the same at every apply; a drift check sees the shared
// one through that path.
func (j *job) checkout(ctx context.Context) (*checkout, error) {
	path := j.r.workDir(j.run.Workspace)
	if j.run.Purpose != PurposePlan {
		if err := j.clearWork(ctx, path); err != nil {
			return nil, err
		}
		j.undo = append(j.undo, func() { _ = os.RemoveAll(path) })
	}
	if j.run.Purpose == PurposeApply {
		j.at = path
		return private(ctx, j.w.mirror, j.run.Tree, path)
	}
	co, release, err := j.r.checkouts.use(ctx, j.w.mirror, j.run.Repository, j.run.Tree, j.trusted())
	if err != nil {
		return nil, err
	}
	j.undo = append(j.undo, release)
	if j.at = co.path; j.run.Purpose == PurposePlan {
		return co, nil
	}
	j.at = path
	return co, errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(co.path, path))
}
