package retention

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/driftlessops/driftless/runner"
)

// kept are the artifacts of one run, together.
type kept struct {
	run   int64
	n     int
	bytes int64
}

// artifacts removes the plans and logs of runs that ended long ago, and then the oldest ones until the rest fits.
func (p *pass) artifacts(ctx context.Context) error {
	all, err := p.listArtifacts(ctx)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, a := range all {
		total += a.bytes
	}
	for young := false; len(all) > 0 && !young; {
		some := all[:min(batch, len(all))]
		all = all[len(some):]
		err := p.each(ctx, func(tx runner.Tx) (_ int, err error) {
			young, err = p.removeSome(tx, some, total)
			return 0, err
		})
		if err != nil {
			return err
		}
	}
	p.removed.LeftBytes = total - p.freed
	if over := p.removed.LeftBytes - p.k.opts.Keep.Size; over > 0 {
		p.k.opts.Logger.Warn("plans and logs take more room than retention.size allows, and all of them are needed: of open pull requests, of what waits, and the last ones",
			"bytes", p.removed.LeftBytes, "limit", p.k.opts.Keep.Size)
	}
	return nil
}

// removeSome removes what some runs left, until it comes to one that is young while everything fits: so are all after it.
func (p *pass) removeSome(tx runner.Tx, some []kept, total int64) (young bool, err error) {
	cutoff := p.before(p.k.opts.Keep.Artifacts)
	for _, a := range some {
		run, err := tx.Run(a.run)
		gone, fits := errors.Is(err, runner.ErrNotFound), total-p.freed <= p.k.opts.Keep.Size
		switch {
		case err != nil && !gone:
			return false, err
		case fits && run.CreatedAt.After(cutoff):
			return true, nil
		case fits && touched(run).After(cutoff):
			continue
		case !gone:
			if needed, err := artifactsNeeded(tx, run); err != nil {
				return false, err
			} else if needed {
				continue
			}
		}
		if err := p.removeArtifacts(tx, a); err != nil {
			return false, err
		}
	}
	return false, nil
}

// listArtifacts lists by run what the artifacts take, oldest first: there may be millions.
func (p *pass) listArtifacts(ctx context.Context) (all []kept, err error) {
	for last, more := "", true; more; {
		var page []runner.BlobInfo
		err := p.k.opts.Store.View(ctx, func(tx runner.Tx) (err error) {
			page, err = tx.Blobs("", last, 10*batch)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			last = b.Key
			id, ok := artifactOf(b.Key)
			if !ok {
				continue
			}
			if n := len(all); n == 0 || all[n-1].run != id { // those of a run follow each other
				all = append(all, kept{run: id})
			}
			a := &all[len(all)-1]
			a.n, a.bytes = a.n+1, a.bytes+b.Size
		}
		more = len(page) == 10*batch
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.run, b.run) })
	return all, nil
}

// artifactOf is the run whose plan or log is kept under a key such as "runs/12/plan.json". Whatever else is kept with a run is
// no artifact: what must be known of its apply, what a person asked for.
func artifactOf(key string) (run int64, ok bool) {
	rest, ok := strings.CutPrefix(key, "runs/")
	number, name, _ := strings.Cut(rest, "/")
	run, err := strconv.ParseInt(number, 10, 64)
	return run, ok && err == nil && slices.Contains(runner.Artifacts, name)
}

// removeArtifacts removes the plans and the log of a run.
func (p *pass) removeArtifacts(tx runner.Tx, a kept) error {
	p.freed += a.bytes
	p.removed.Artifacts, p.removed.ArtifactBytes = p.removed.Artifacts+a.n, p.removed.ArtifactBytes+a.bytes
	for _, name := range runner.Artifacts {
		err := p.remove(func() error { return tx.DeleteBlob(runner.BlobKey(a.run, name)) })
		if err != nil && !errors.Is(err, runner.ErrNotFound) {
			return err
		}
	}
	return nil
}

// artifactsNeeded reports whether the plan of a run may still be asked for by what driftless decides: it waits, or its
// approval does; a pull request shows it that is open or not applied yet; or it is the last of its workspace.
func artifactsNeeded(tx runner.Tx, run runner.Run) (bool, error) {
	if waits(run) {
		return true, nil
	}
	if waits, err := approvalWaits(tx, run.ID); err != nil || waits {
		return true, err
	}
	rec, err := record(tx, run.Workspace)
	if err != nil || rec.AppliedRun == run.ID {
		return true, err
	}
	if run.PullID == 0 {
		return isNewest(tx, run, rec, 1)
	}
	pull, err := tx.Pull(run.PullID)
	if errors.Is(err, runner.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return true, err
	}
	if shown, err := shows(tx, run); err != nil || !shown {
		return err != nil, err
	}
	return pullNeeded(tx, pull)
}

// approvalWaits reports whether a run that was approved waits for what it was approved for: the plan of this run, or of one
// that approved it and failed before there was a plan of its own.
func approvalWaits(tx runner.Tx, id int64) (bool, error) {
	approvals, err := tx.Runs(runner.RunFilter{Approves: id})
	if err != nil || slices.ContainsFunc(approvals, waits) {
		return true, err
	}
	for _, a := range approvals { // later ones: this ends
		if waits, err := approvalWaits(tx, a.ID); err != nil || waits {
			return true, err
		}
	}
	return false, nil
}
