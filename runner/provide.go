package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// How long a replica leaves a run to others whose commits it cannot get: because the remote does not answer, or has them no more.
const (
	fetchAgain = 30 * time.Second
	leaveAlone = 10 * time.Minute
)

// provide brings what a run works on into this replica's mirror: another one, which leads the repository, may be the only one
// that has it, or the mirror was damaged and made anew.
func (w *watcher) provide(ctx context.Context, run Run, commits ...string) error {
	if err := w.mirror.Mend(ctx); err != nil {
		return err
	}
	if !w.r.members.shared {
		if _, err := w.mirror.Tree(ctx, run.Tree); err == nil {
			return nil
		}
	}
	var missing []string
	for _, id := range commits {
		if id != "" && !slices.Contains(missing, id) && !w.mirror.Has(id) {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		if err := w.mirror.FetchCommits(ctx, missing); err != nil {
			return &lacking{err}
		}
	}
	_, err := w.mirror.Tree(ctx, run.Tree)
	if run.PullID == 0 || !errors.Is(err, gitrepo.ErrMissing) {
		return err
	}
	merged, err := w.mirror.Merge(ctx, run.Base, run.Commit)
	if err == nil && merged.Tree != run.Tree {
		err = fmt.Errorf("%.8s merged into %.8s is %.8s here, and %.8s where it was queued: is Git of another version there?", run.Commit, run.Base, merged.Tree, run.Tree)
	}
	if err != nil {
		return &lacking{err}
	}
	return nil
}

// lacking says that a replica cannot get what a run works on.
type lacking struct{ err error }

func (e *lacking) Error() string { return e.err.Error() }
func (e *lacking) Unwrap() error { return e.err }

// silent reports whether the remote may give it another time.
func (e *lacking) silent() bool {
	var remote *gitrepo.RemoteError
	return !errors.Is(e, gitrepo.ErrMissing) && errors.As(e, &remote)
}

// forOthers leaves a run to replicas that may have what it works on. When none is left, it failed. While the remote does not answer,
// it is left to them once; then why is returned, and it waits as for every outage.
func (j *job) forOthers(ctx context.Context, why *lacking) error {
	var others []string
	again := false
	err := j.insist(ctx, Queued, func() error {
		return j.r.opts.Store.View(ctx, func(tx Tx) (err error) {
			others, again, err = j.r.members.untried(tx, j.run, j.rec.Labels)
			return err
		})
	})
	wait := leaveAlone
	switch {
	case err != nil:
		return err
	case why.silent() && (again || len(others) == 0):
		return why
	case len(others) == 0:
		return userError(fmt.Sprintf("commit %.8s, or %.8s before it, is not to be had: the remote gives it no more (was a branch rewritten?), and no replica that takes this run kept it. A newer commit is planned by itself; `driftless approve` of an apply of the tracked branch begins anew\n%v", j.run.Commit, j.run.Base, why))
	case why.silent():
		wait = fetchAgain
	}
	j.r.leave(j.run.ID, time.Now().Add(wait))
	j.run.Reason = fmt.Sprintf("waits for a replica that has its commits: %s cannot get them: %s", j.r.members.self.Host, firstLine(why.Error()))
	return j.insist(ctx, Queued, func() error { return j.to(ctx, Queued, leftToOthers, j.run.Reason, nil) })
}

// leave leaves a run in the queue to others until a moment: only this process does not take it before.
func (r *Runner) leave(id int64, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(r.later, func(_ int64, until time.Time) bool { return now.After(until) }) // others took them, perhaps
	r.later[id] = until
}

// leaves reports whether a run in the queue is left to others for now.
func (r *Runner) leaves(id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.later[id])
}

// leftToOthers is the kind of an event: a replica put a run back that it cannot work on.
const leftToOthers = "run left to other replicas"

// untried are the other replicas that are alive, take runs of a workspace with these labels, and did not leave a run to others yet;
// again: this one did.
func (m *membership) untried(tx Tx, run Run, labels map[string]string) (ids []string, again bool, err error) {
	at, err := tx.Clock()
	if err != nil {
		return nil, false, err
	}
	events, err := tx.Events(EventFilter{RunID: run.ID, Kind: leftToOthers})
	if err != nil {
		return nil, false, err
	}
	var tried []string
	for _, e := range events {
		if f := FactsOf(e); f.Run != nil {
			tried = append(tried, f.Run.Replica)
		}
	}
	all, err := tx.Replicas()
	for _, o := range all {
		if o.LeaseUntil.After(at) && o.Kind != Stopping && Selector(o.Takes).Takes(labels) && o.ID != m.self.ID && !slices.Contains(tried, o.ID) {
			ids = append(ids, o.ID)
		}
	}
	return ids, slices.Contains(tried, m.self.ID), err
}
