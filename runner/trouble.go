package runner

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// trouble is what an issue about a workspace has to tell.
type trouble struct {
	rec   Workspace
	run   Run    // the drift run that found it, or that failed
	check string // why the world could not be compared; "" = it was, and has drifted
	since time.Time
	first string // what is to be settled before a repair; "" = nothing
	by    string // who asked for the last apply or approved it; "" = nobody
}

// fingerprint changes when an issue has something new to tell. What an engine or a provider says differently every time is
// no news.
func (t trouble) fingerprint() string {
	if t.check != "" {
		return "unchecked"
	}
	return report.DriftFingerprint(t.rec.changes().Changes)
}

// told is what the body of an issue says that may change while the drift keeps its kind.
type told struct {
	Repair  string // what an approval on the issue would do; "" = nothing
	Refused string // why it would not
	First   string // what is to be settled before
	Unwell  string `json:",omitempty"` // which checks fail
}

// says is what the body of a trouble's issue says. Another check that found the very same is nothing new.
func (t trouble) says() told {
	if t.check != "" {
		return told{}
	}
	return told{Repair: t.run.repair(), Refused: t.refused(), First: t.first, Unwell: t.rec.unwell()}
}

// repair tells what a drift run would do from what others would.
func (run Run) repair() string { return run.PlanDigest + " " + run.InputDigest }

func (t trouble) refused() string {
	if t.run.Status == Blocked {
		return t.run.Reason
	}
	return ""
}

// troubles are the workspaces that drifted or could not be checked, the oldest first.
func (w *watcher) troubles(tx Tx) (all []trouble, err error) {
	records, err := tx.Workspaces(WorkspaceFilter{Repository: w.conf.Name, Drifted: true}) // and not all of a thousand, after every run
	if err != nil {
		return nil, err
	}
	failed, err := tx.Runs(RunFilter{Repository: w.conf.Name, Purposes: []Purpose{PurposeDrift}, Statuses: []Status{Failed}, Brief: true, Limit: 2000})
	if err != nil {
		return nil, err
	}
	lately := map[workspaces.ID]time.Time{} // failed checks, the last of each workspace
	for _, run := range failed {
		if lately[run.Workspace].IsZero() {
			lately[run.Workspace] = run.FinishedAt
		}
	}
	unchecked := maps.Clone(lately)
	for _, rec := range records {
		delete(unchecked, rec.ID)
	}
	more, err := workspacesOf(tx, slices.Collect(maps.Keys(unchecked)))
	if err != nil {
		return nil, err
	}
	for _, rec := range slices.AppendSeq(records, maps.Values(more)) {
		if rec.Orphan || rec.AppliedCommit == "" || rec.DriftSince.IsZero() && !lately[rec.ID].After(rec.CheckedAt) {
			continue
		}
		runs, err := tx.Runs(RunFilter{Workspace: rec.ID, Purposes: []Purpose{PurposeDrift}, Limit: 20})
		if err != nil {
			return nil, err
		}
		rec.AppliedCommit = ShownApplied(tx, rec)
		if t, ok := troubleOf(rec, runs); ok {
			applied, err := tx.Run(rec.AppliedRun)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			t.by = applied.Actor
			if t.first, err = comesFirst(tx, rec); err != nil {
				return nil, err
			}
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b trouble) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.rec.ID, b.rec.ID)) })
	return all, nil
}

// troubleOf reads a workspace's trouble from its record and its drift runs, newest first.
func troubleOf(rec Workspace, runs []Run) (t trouble, ok bool) {
	t = trouble{rec: rec, since: rec.DriftSince}
	runs = slices.DeleteFunc(runs, func(r Run) bool {
		return r.Status == Superseded && r.Verdict == nil || r.Status == Queued || r.Status.Active()
	})
	if len(runs) > 0 {
		t.run = runs[0]
	}
	if t.run.Status == Failed && t.run.FinishedAt.After(rec.CheckedAt) {
		t.check = t.run.Reason
		for _, r := range runs {
			if r.Status != Failed {
				break
			}
			t.since = r.FinishedAt
		}
		return t, true
	}
	return t, !rec.DriftSince.IsZero()
}

// back is what is said when an issue is opened again.
func (t trouble) back() string {
	if t.check != "" {
		return report.UncheckedBack(report.UncheckedDocument{Workspace: string(t.rec.ID), Since: t.since})
	}
	return report.DriftBack(report.DriftDocument{Workspace: string(t.rec.ID), Since: t.since, Changes: t.rec.changes().Changes})
}

// other is what is said when an open issue tells of something else than before.
func (t trouble) other() string {
	if t.check != "" {
		return report.UncheckedNow(report.UncheckedDocument{Workspace: string(t.rec.ID), Since: t.since})
	}
	return report.DriftOther(report.DriftDocument{Workspace: string(t.rec.ID), Since: t.since, Changes: t.rec.changes().Changes})
}

// troubleIssue renders the issue of a trouble.
func (w *watcher) troubleIssue(ctx context.Context, t trouble) forge.Issue {
	limit, mark := w.host.BodyLimit(), issueMark(string(t.rec.ID))
	issue := forge.Issue{Open: true, Labels: []string{labelOurs, labelDrift}}
	doc := report.DriftDocument{
		Workspace: string(t.rec.ID), Owner: t.rec.Owner, RunID: t.run.ID, Commit: t.rec.AppliedCommit, Since: t.since,
		AppliedAt: t.rec.AppliedAt, AppliedBy: t.by, Changes: t.rec.changes().Changes, Metadata: mark, Refused: t.refused(), First: t.first,
		Unwell: t.rec.unwell(),
	}
	if commit, err := w.mirror.Commit(ctx, t.rec.AppliedCommit); err == nil {
		doc.AppliedAuthor = commit.Author
	}
	if t.check != "" {
		issue.Labels = []string{labelOurs, labelUnchecked}
		issue.Title, issue.Body = report.UncheckedIssue(report.UncheckedDocument{
			Workspace: doc.Workspace, Owner: doc.Owner, RunID: t.run.ID, Since: t.since, CheckedAt: t.rec.CheckedAt, Error: t.check, Metadata: mark,
		}, limit)
	} else {
		issue.Title, issue.Body = report.DriftIssue(doc, limit)
	}
	return issue
}
