package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/report"
	"github.com/driftlessops/driftless/workspaces"
)

// pageLimit is the size of a report's pages where no forge limits it: room for GitHub's comments, 65,536 characters.
const pageLimit = 65_000

// reported is what a pull request's report becomes.
type reported struct {
	pull   Pull
	news   []News // what it is to tell of
	old    Report
	next   Report
	rows   []report.Row
	drafts []draft // of what the forge is to show of it
	same   bool    // all of it is on record already
}

// report renders what is known of a pull request and records it, with what the forge is to show of it.
func (r *Runner) report(ctx context.Context, pullID int64) error {
	done, mine := r.reports.take(fmt.Sprint(pullID))
	if !mine {
		return nil
	}
	defer done()
	var n reported
	began := time.Now()
	err := r.opts.Store.View(ctx, func(tx Tx) (err error) {
		n, err = r.renderReport(tx, pullID)
		return err
	})
	if err == nil && (!n.same || len(n.news) > 0) {
		err = r.opts.Store.Update(ctx, func(tx Tx) error {
			if err := r.members.leading(tx, n.pull.Repository); err != nil {
				return err
			}
			return n.record(tx, r.watcher(n.pull.Repository))
		})
		if w := r.watcher(n.pull.Repository); err == nil && w != nil && w.host != nil {
			w.posts.wake()
		}
	}
	if errors.Is(err, errNotLeading) {
		r.progress.forget(pullID) // whoever leads the repository reports it
		return nil
	}
	if err == nil {
		r.progress.reported(pullID, n.rows, began)
	}
	return err
}

func (r *Runner) renderReport(tx Tx, pullID int64) (n reported, err error) {
	if n.pull, err = tx.Pull(pullID); err != nil {
		return n, err
	} else if !r.leads(n.pull.Repository) {
		return n, errNotLeading
	}
	if n.news, err = tx.News(NewsFilter{PullID: pullID}); err != nil {
		return n, err
	}
	if n.old, err = tx.Report(pullID); err != nil && !errors.Is(err, ErrNotFound) {
		return n, err
	}
	if stays, err := r.expired(tx, n.pull, n.old); err != nil || stays {
		n.next, n.same = n.old, true
		return n, err
	}
	doc, runs, err := r.document(tx, n.pull)
	if err != nil {
		return n, err
	}
	n.rows = doc.Rows
	w, limit := r.watcher(n.pull.Repository), pageLimit
	if w != nil && w.host != nil {
		limit = w.host.BodyLimit()
	}
	n.next = nextReport(n.pull, n.old, runs, report.Render(doc, limit))
	if w != nil && w.host != nil {
		if n.drafts, err = w.drafts(tx, n.pull, doc, n.next.Pages); err != nil {
			return n, err
		}
	}
	unchanged := n.old.Head == n.next.Head && slices.Equal(n.old.Pages, n.next.Pages) && maps.Equal(n.old.Runs, n.next.Runs)
	if unchanged {
		n.same, err = wanted(tx, n.pull.Repository, n.drafts)
	}
	return n, err
}

// expired reports whether a pull request that left shows plans that were removed for their age: its report stays as it was.
func (r *Runner) expired(tx Tx, pull Pull, old Report) (bool, error) {
	if pull.State == Open || old.Head != pull.Head {
		return false, nil
	}
	for ids := range slices.Chunk(slices.Collect(maps.Values(old.Runs)), idBatch) {
		runs, err := tx.Runs(RunFilter{IDs: ids})
		if err != nil || len(runs) < len(ids) {
			return err == nil, err
		}
		for _, run := range runs {
			if run.PlannedAt.IsZero() {
				continue
			}
			if _, err := r.plans.read(tx, run); errors.Is(err, ErrNotFound) {
				return true, nil
			} else if err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// record writes the report down, with what the forge is to show of it. Where a forge shows it, it is there from when that does.
func (n *reported) record(tx Tx, w *watcher) error {
	for _, news := range n.news {
		if err := tx.DeleteNews(news); err != nil {
			return err
		}
	}
	if n.same {
		return nil
	}
	for _, d := range n.drafts {
		if err := d.record(tx, n.pull.Repository); err != nil {
			return err
		}
	}
	if w == nil || w.host == nil {
		if n.next.Earlier = n.old.Earlier; !maps.Equal(n.old.Runs, n.next.Runs) {
			n.next.Earlier = n.old.before(n.next)
		}
		return tx.PutReport(n.next)
	}
	if err := n.forget(tx); err != nil {
		return err
	}
	next := n.next
	stands, err := tx.Report(n.pull.ID)
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return err
	case stands.Head == next.Head && maps.Equal(stands.Runs, next.Runs):
		next.At, next.Earlier = stands.At, stands.Earlier
	default:
		next.At, next.Earlier = zeroTime, stands.before(next)
	}
	return seen(tx, n.pull, next, now())
}

// mostEarlier is how many reports of one head are remembered.
const mostEarlier = 5

// before is what people saw before the next report: whoever merged until that was shown agreed to it.
func (r Report) before(next Report) []Shown {
	if r.Head != next.Head {
		return nil
	}
	earlier := r.Earlier
	if !r.At.IsZero() {
		earlier = slices.Insert(slices.Clone(earlier), 0, Shown{Runs: r.Runs, At: r.At})
	}
	return earlier[:min(len(earlier), mostEarlier)]
}

// at is what a report showed at a moment.
func (r Report) at(moment time.Time) (Shown, bool) {
	for _, s := range append([]Shown{{Runs: r.Runs, At: r.At}}, r.Earlier...) {
		if !s.At.IsZero() && !s.At.After(moment) {
			return s, true
		}
	}
	return Shown{}, false
}

// forget drops what the forge was to show on an earlier head: while it is not well, or takes little, that would come before what
// somebody waits for, and nobody looks there any more.
func (n *reported) forget(tx Tx) error {
	if n.old.Head == "" || n.old.Head == n.next.Head {
		return nil
	}
	others, err := tx.Pulls(PullFilter{Repository: n.pull.Repository, Head: n.old.Head})
	if err != nil || len(others) > 0 {
		return err
	}
	for _, kind := range []PostKind{PostStatus, PostCheck} {
		posts, err := tx.Posts(PostFilter{Repository: n.pull.Repository, Kind: kind, KeyPrefix: n.old.Head + " "})
		if err != nil {
			return err
		}
		for _, post := range posts {
			if err := tx.DeletePost(post.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// seen keeps the report of a pull request, and since when people can see it: who merges or approves agrees to what is there.
func seen(tx Tx, pull Pull, rep Report, since time.Time) error {
	if rep.At.IsZero() && pull.State == Open {
		post, err := tx.Post(pull.Repository, PostReport, pull.Key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		var shown reportWish
		if err == nil && !post.Waiting() && json.Unmarshal(post.Want, &shown) == nil && slices.Equal(shown.Pages, rep.Pages) {
			rep.At = since
		}
	}
	return tx.PutReport(rep)
}

// nextReport is what is recorded of a report: what people saw there is what they agree to.
func nextReport(pull Pull, old Report, runs map[workspaces.ID]int64, pages []string) Report {
	if pull.State != Open {
		runs = old.Runs // what was reviewed is what stood there before the merge
	} else if old.Head == pull.Head {
		keepShown(runs, old.Runs, pull.Affected)
	}
	next := Report{PullID: pull.ID, Head: pull.Head, Runs: runs, Pages: pages, At: now()}
	if pull.State != Open && old.Head != pull.Head {
		next.Runs = nil // merged before its last head was reported
	}
	if old.Head == next.Head && maps.Equal(old.Runs, next.Runs) {
		next.At = old.At // what reviewers agree to stands there since then
	}
	return next
}

// keepShown keeps what a report on the same head showed of workspaces that are being planned again: a merge meanwhile
// was reviewed by that.
func keepShown(runs, shown map[workspaces.ID]int64, affected []workspaces.ID) {
	for id, run := range shown {
		if runs[id] == 0 && slices.Contains(affected, id) {
			runs[id] = run
		}
	}
}

// reportOf brings the reports up to date that show a run which ended.
func (r *Runner) reportOf(ctx context.Context, run Run) error { return r.reportNews(ctx, run, 1) }

// reportBegun shows that an apply has begun, or what a run waits for.
func (r *Runner) reportBegun(ctx context.Context, run Run) error { return r.reportNews(ctx, run, 0) }

func (r *Runner) reportNews(ctx context.Context, run Run, ended int) error {
	var pulls []int64
	err := r.opts.Store.View(ctx, func(tx Tx) (err error) {
		pulls, err = showing(tx, run)
		return err
	})
	pulls = slices.DeleteFunc(pulls, func(id int64) bool { return !r.progress.news(id, ended, time.Now()) })
	return errors.Join(err, r.reportAll(ctx, pulls))
}

func (r *Runner) reportAll(ctx context.Context, pulls []int64) error {
	var problems []error
	for _, id := range pulls {
		problems = append(problems, r.report(ctx, id))
	}
	return errors.Join(problems...)
}

// mostShowing is how many merged pull requests show what becomes of a workspace that they touch.
const mostShowing = 50

// showing are the pull requests whose reports show a run: its own, or those of the merges that it applies, and those that left
// after an apply of theirs. A merge that was applied in this workspace shows no later run of others there.
func showing(tx Tx, run Run) ([]int64, error) {
	if run.PullID != 0 {
		own, err := PullsOf(tx, run)
		if err != nil || len(own) == 0 {
			return nil, err
		}
		return []int64{run.PullID}, nil
	}
	pulls, err := leftAfter(tx, run.Workspace)
	if err != nil {
		return nil, err
	}
	merged, err := tx.Pulls(PullFilter{Repository: run.Repository, State: Merged, Affects: run.Workspace, Brief: true, Limit: mostShowing})
	if err != nil || len(merged) == 0 {
		return pulls, err
	}
	applied, err := tx.Runs(RunFilter{
		Workspace: run.Workspace, Tracked: true, Purposes: []Purpose{PurposeApply}, Statuses: []Status{Applied, Unchanged}, Brief: true, Limit: mostShowing,
	})
	for _, p := range merged {
		its := func(r Run) bool { return r.Commit == p.MergedCommit || slices.Contains(r.Reviewers, p.Key) }
		settled := func(r Run) bool { return its(r) && !r.CreatedAt.Before(p.CreatedAt) } // a branch may have been merged before
		if !slices.Contains(pulls, p.ID) && (its(run) || !slices.ContainsFunc(applied, settled)) {
			pulls = append(pulls, p.ID)
		}
	}
	return pulls, err
}
