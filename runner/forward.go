package runner

import (
	"context"
	"errors"
	"time"

	"github.com/driftlessops/driftless/runner/supervisor"
)

// forward puts the states that the engine wrote meanwhile into the store, as long as nobody decided about the run.
func (j *job) forward(ctx context.Context, f *following) error {
	versions, unread := f.apply.Versions(f.kept)
	if len(versions) == 0 {
		return unread
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := j.r.update(ctx, func(tx Tx, _ *journal) error {
		run, err := tx.Run(j.run.ID)
		if err != nil || run.Attempt != j.run.Attempt || run.Status != Applying && run.Status != Interrupted {
			return errors.Join(err, ErrConflict)
		}
		for _, v := range versions {
			if err := keepVersion(tx, j.run, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		f.kept += len(versions)
	}
	return errors.Join(err, unread)
}

// keepVersion makes a state the newest one of its workspace. One that is on record already, or that does not follow what is
// there, is left out: nobody else may write while the run holds the lock, so the latter is an error.
func keepVersion(tx Tx, run Run, v supervisor.Version) error {
	all, err := tx.States(run.Workspace) // without their contents: one that cannot be read must not keep the next one out
	if err != nil {
		return err
	}
	newest := StateVersion{}
	if len(all) > 0 {
		newest = all[0]
	}
	switch {
	case len(all) == 0:
	case newest.Lineage == v.Lineage && newest.Serial >= v.Serial && newest.RunID == run.ID:
		return nil
	case newest.Lineage != v.Lineage || newest.Serial >= v.Serial:
		return errForeignState
	}
	return tx.PutState(&StateVersion{Workspace: run.Workspace, Serial: v.Serial, Lineage: v.Lineage, RunID: run.ID, CreatedAt: now()}, v.Content)
}

var errForeignState = errors.New("the state was changed by somebody else during the apply")
