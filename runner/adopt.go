package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/driftlessops/driftless/planner/mask"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// runDir is a run's own directory, removed with it.
func (r *Runner) runDir(id int64) string {
	return filepath.Join(runsDir(r.opts.DataDir), strconv.FormatInt(id, 10))
}

// adopt takes up an apply that an earlier process began and whose end is not on record. The function that it returns goes on
// with it as if this process had begun it.
func (r *Runner) adopt(ctx context.Context, run Run) (func(), error) {
	j := &job{r: r, w: r.watcher(run.Repository), run: run, rest: func() {}, mask: &mask.Masker{}, dir: r.runDir(run.ID), at: r.workDir(run.Workspace)}
	var log []byte
	read := func(tx Tx) (err error) {
		if j.traits, err = traitsOf(tx, run); err != nil {
			return err
		}
		if log, err = tx.Blob(BlobKey(run.ID, "log")); errors.Is(err, ErrDamaged) {
			log, err = []byte("driftless: what was logged before the apply cannot be read"), nil
		}
		return ignoreMissing(err)
	}
	if err := r.await(ctx, func() error { return r.opts.Store.View(ctx, read) }); err != nil {
		return nil, fmt.Errorf("take up the apply of run %d: %w", run.ID, err)
	}
	if len(log) > 0 {
		j.line(strings.TrimSuffix(string(log), "\n"))
	}
	j.mask.Add(j.traits.Secrets...)
	j.prior, j.known = j.traits.Prior, j.traits.Known
	j.undo = append(j.undo, r.workDirs.lock(j.at), func() { j.remove(j.at) })
	r.members.take(run.ID)
	return func() {
		defer r.members.drop(run.ID)
		defer j.close()
		ctx, end := j.traced(context.WithoutCancel(ctx))
		defer end()
		j.workThrough(ctx, func(ctx context.Context) error { return j.phase(ctx, "apply", j.goOn) })
	}, nil
}

// goOn goes along with an apply that has begun.
func (j *job) goOn(ctx context.Context) error {
	if j.end != nil {
		return j.put(ctx, j.end)
	}
	apply, err := supervisor.Find(j.applyDir())
	if err != nil {
		o := &aftermath{}
		o.unreadable(err)
		return j.put(ctx, o)
	}
	return j.follow(ctx, apply)
}

// unbegun reports whether it is sure that no engine was started for an apply: its intent is on record, and driftless ended
// before anything came of it.
func (r *Runner) unbegun(tx Tx, run Run) (bool, error) {
	if _, err := traitsOf(tx, run); errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return false, nil // written by a version that had no supervisors, or there is no telling
	} else if err != nil {
		return false, err
	}
	dir := filepath.Join(r.runDir(run.ID), applySubdir)
	if _, err := os.Stat(dir); err != nil {
		return false, nil // it was there before the intent: somebody took away what would tell
	}
	apply, _ := supervisor.Find(dir) // an order that cannot be read says no less of that
	return !apply.Alive() && !apply.Begun(), nil
}
