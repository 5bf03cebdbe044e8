package runner

import (
	"slices"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// wish is what the tracked branch, or a pull request, wants of one workspace.
type wish struct {
	digest   string
	tree     string
	revision string    // of the policies that would judge
	reviewed time.Time // when the last merge of a pull request that touches it became known
}

// decision is what becomes of a workspace's runs.
type decision struct {
	create    bool
	supersede []Run // earlier runs that this makes moot
}

// decideTracked says what the tracked branch makes due for a workspace. runs are its runs, newest first.
// It is pure: the same facts give the same decision, whatever happened in between.
func decideTracked(want wish, rec Workspace, runs []Run) decision {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool {
		return r.Purpose != PurposeApply || r.Status == Superseded || r.Status == Canceled && r.PullID != 0
	})
	if slices.ContainsFunc(runs, func(r Run) bool { return r.Status == Applying || r.Status == Interrupted }) {
		return decision{} // the world is not known: nothing new until it is
	}
	runs = slices.DeleteFunc(runs, func(r Run) bool { return r.PullID != 0 }) // before a merge: not what the tracked branch asked for
	inSync := rec.AppliedDigest == want.digest
	var keep int64
	if len(runs) > 0 && stands(runs[0], want, rec) {
		keep = runs[0].ID
	}
	d := decision{create: !inSync && keep == 0}
	for _, run := range runs {
		if run.ID != keep && run.Status.pending() {
			d.supersede = append(d.supersede, run)
		}
	}
	return d
}

// stands reports whether the newest tracked run is the answer to what is wanted.
func stands(run Run, want wish, rec Workspace) bool {
	if run.InputDigest != want.digest {
		return false
	}
	inSync := rec.AppliedDigest == want.digest
	switch run.Status {
	case Held, Failed, Canceled, Blocked:
		if run.ID <= rec.Prior.ReplacedAfter {
			return false // another state is there now: it is planned from that one
		}
	}
	switch run.Status {
	case Queued, Planning, Planned, Ready:
		return !inSync || run.Approves != 0 // in sync, only a repair that was asked for goes on
	case Held:
		// A forge may tell of a merge after Git showed it: what was held then is judged again.
		return (!inSync || run.Approves != 0) && !want.reviewed.After(run.StartedAt)
	case Failed, Canceled:
		return !inSync // never again by itself for the same digest
	case Blocked:
		return !inSync && run.PolicyRevision == want.revision
	}
	return false
}

// pending reports whether something may still come of the run.
func (s Status) pending() bool {
	switch s {
	case Queued, Planning, Planned, Ready, Held, Blocked:
		return true
	}
	return false
}

// decidePull says what a pull request makes due for a workspace it touches. runs are its runs for that workspace, newest
// first. fresh is how long a plan is trusted.
func decidePull(want wish, rec Workspace, runs []Run, fresh time.Duration, now time.Time) decision {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Status == Superseded })
	if len(runs) > 0 && holds(runs[0], want, rec, fresh, now) {
		return decision{supersede: slices.DeleteFunc(runs[1:], func(r Run) bool { return !r.Status.superseded() })}
	}
	return decision{create: true, supersede: slices.DeleteFunc(runs, func(r Run) bool { return !r.Status.superseded() })}
}

// superseded reports whether a newer plan takes the place of one with this status.
func (s Status) superseded() bool { return s.pending() || s == Unchanged }

// holds reports whether a pull request's plan is still what planning now would give.
func holds(run Run, want wish, rec Workspace, fresh time.Duration, now time.Time) bool {
	if run.InputDigest != want.digest {
		return false
	}
	if run.Status == Queued || run.Status == Canceled {
		return true
	}
	if run.StartedAt.Before(rec.AppliedAt) {
		return false // it may have read the state from before that apply
	}
	switch run.Status {
	case Planning, Planned:
		return true
	case Failed:
		return run.Tree == want.tree
	}
	return run.PolicyRevision == want.revision && (run.Tree == want.tree || now.Sub(run.PlannedAt) < fresh)
}

// driftDue reports whether a workspace's world should be compared with its applied commit again, and since when.
func driftDue(ws *workspaces.Workspace, rec Workspace, runs []Run, now time.Time) (since time.Time, due bool) {
	if rec.AppliedDigest == "" || rec.AppliedCommit == "" || rec.Orphan {
		return since, false
	}
	if slices.ContainsFunc(runs, func(r Run) bool { return r.Status == Queued || r.Status.Active() || r.Status == Ready }) {
		return since, false
	}
	since = nextCheck(ws, rec)
	if since.IsZero() {
		return since, false
	}
	if rec.CheckedAt.After(now) {
		since = now // the clock went back: what comes after it may be far away
	}
	if again := retryAt(runs); again.After(since) && !again.After(now.Add(mostRetry)) {
		since = again
	}
	return since, !now.Before(since)
}

// retryAt is when a check that failed is tried again: after a minute, and twice as long after each further failure, six
// hours at most. runs are the workspace's drift runs, newest first.
func retryAt(runs []Run) time.Time {
	failures := 0
	for failures < len(runs) && runs[failures].Status == Failed {
		failures++
	}
	if failures == 0 {
		return time.Time{}
	}
	return runs[0].FinishedAt.Add(min(time.Minute<<(failures-1), mostRetry))
}

// mostRetry is the longest time until a check that failed is tried again.
const mostRetry = 6 * time.Hour
