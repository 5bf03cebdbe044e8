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
	names []string
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
	cutoff := p.before(p.k.opts.Keep.Artifacts)
	for len(all) > 0 {
		some := all[:min(batch, len(all))]
		all = all[len(some):]
		err := p.each(ctx, func(tx runner.Tx) (int, error) {
			for _, a := range some {
				freed, err := p.removeArtifacts(tx, a, func(run runner.Run) bool {
					return touched(run).Before(cutoff) || total-p.freed > p.k.opts.Keep.Size
				})
				if err != nil {
					return 0, err
				}
				p.freed += freed
			}
			return 0, nil
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

// listArtifacts lists the artifacts by run, oldest first.
func (p *pass) listArtifacts(ctx context.Context) ([]kept, error) {
	byRun, last := map[int64]*kept{}, ""
	for {
		var page []runner.BlobInfo
		err := p.k.opts.Store.View(ctx, func(tx runner.Tx) (err error) {
			page, err = tx.Blobs(last, 10*batch)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, b := range page {
			last = b.Key
			id, name, ok := artifact(b.Key)
			if !ok || slices.Contains(runner.RescuedStates, name) {
				continue
			}
			if byRun[id] == nil {
				byRun[id] = &kept{run: id}
			}
			byRun[id].names, byRun[id].bytes = append(byRun[id].names, name), byRun[id].bytes+b.Size
		}
		if len(page) < 10*batch {
			break
		}
	}
	var all []kept
	for _, k := range byRun {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.run, b.run) })
	return all, nil
}

// artifact splits a key such as "runs/12/plan.json".
func artifact(key string) (run int64, name string, ok bool) {
	rest, ok := strings.CutPrefix(key, "runs/")
	number, name, found := strings.Cut(rest, "/")
	run, err := strconv.ParseInt(number, 10, 64)
	return run, name, ok && found && err == nil
}

// removeArtifacts removes what a run left, if it is old and nothing needs it.
func (p *pass) removeArtifacts(tx runner.Tx, a kept, old func(runner.Run) bool) (freed int64, err error) {
	run, err := tx.Run(a.run)
	switch {
	case errors.Is(err, runner.ErrNotFound): // it is gone itself
	case err != nil:
		return 0, err
	case !old(run):
		return 0, nil
	default:
		if needed, err := artifactsNeeded(tx, run); err != nil || needed {
			return 0, err
		}
	}
	p.removed.Artifacts, p.removed.ArtifactBytes = p.removed.Artifacts+len(a.names), p.removed.ArtifactBytes+a.bytes
	for _, name := range a.names {
		err := p.remove(func() error { return tx.DeleteBlob(blobKey(a.run, name)) })
		if err != nil && !errors.Is(err, runner.ErrNotFound) {
			return 0, err
		}
	}
	return a.bytes, nil
}

// artifactsNeeded reports whether the plan of a run may still be asked for by what driftless decides: it waits, or its
// approval does; a pull request shows it that is open or not applied yet; or it is the last of its workspace.
func artifactsNeeded(tx runner.Tx, run runner.Run) (bool, error) {
	if waits(run) {
		return true, nil
	}
	approvals, err := tx.Runs(runner.RunFilter{Approves: run.ID})
	if err != nil || slices.ContainsFunc(approvals, waits) {
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
