package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// automerge lets the forge merge a pull request once all of it that is applied before the merge is applied, and the rest is
// planned and passes; and no more when that is not so any longer.
func (w *watcher) automerge(j *journal, v *pullView) error {
	ready, err := w.mergesByItself(j.tx, v)
	if err != nil {
		return err
	} else if !ready {
		return w.withdrawMerge(j.tx, v.pull.Key)
	}
	return newDraft(PostMerge, v.pull.Key, mergeWish{Head: v.pull.Head, Method: forge.MergeMethod(w.conf.Automerge)}).record(j.tx, v.pull.Repository)
}

func (w *watcher) mergesByItself(tx Tx, v *pullView) (bool, error) {
	p := &v.pull
	if w.conf.Automerge == "" || w.host == nil || len(p.Before) == 0 || p.Aside != "" {
		return false, nil
	}
	digests := map[workspaces.ID]string{}
	for _, e := range v.effects {
		if !e.Removed {
			digests[e.Workspace.ID] = e.Head.Sum
		}
	}
	held, err := withApplied(tx, *p)
	if err != nil {
		return false, err
	}
	any := false // something was applied: somebody asked for it
	for _, id := range held {
		applied, ready, err := mergesWith(tx, p, id, digests[id])
		if err != nil || !ready {
			return false, err
		}
		any = any || applied
	}
	return any, nil
}

// withdrawMerge ends the attempts to merge a pull request.
func (w *watcher) withdrawMerge(tx Tx, key string) error {
	post, err := tx.Post(w.conf.Name, PostMerge, key)
	if errors.Is(err, ErrNotFound) || err == nil && !post.Waiting() {
		return nil
	} else if err != nil {
		return err
	}
	return newDraft(PostMerge, key, mergeWish{}).record(tx, w.conf.Name)
}

// mergesWith reports whether a workspace was applied as the merge would leave it, and whether nothing of it stands in the way
// of a merge by driftless. What is held and not touched any more does: the merge would not leave it as it is.
func mergesWith(tx Tx, p *Pull, id workspaces.ID, digest string) (applied, ready bool, err error) {
	rec, err := tx.Workspace(id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, false, err
	}
	if digest == "" {
		return false, rec.Reserved != p.ID, nil
	} else if rec.Reserved == p.ID {
		return rec.AppliedDigest == digest, rec.AppliedDigest == digest, nil
	}
	runs, err := tx.Runs(RunFilter{Workspace: id, PullID: p.ID, Purposes: []Purpose{PurposePlan}})
	run, ok := newest(runs, id, Open)
	if err != nil || !ok || run.InputDigest != digest {
		return false, false, err
	}
	unseen, err := unseenAtMerge(tx, p, run)
	return false, !unseen && (run.Status == Unchanged || run.Status == Ready && !slices.Contains(p.Before, id)), err
}

// unseenAtMerge reports whether a merge would apply a plan that the report did not show when somebody asked for the merge: a
// moment after driftless merges, it would count as reviewed.
func unseenAtMerge(tx Tx, p *Pull, plan Run) (bool, error) {
	if plan.Status != Ready || slices.Contains(p.Before, plan.Workspace) {
		return false, nil
	}
	rep, err := tx.Report(p.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return true, err
	}
	shown, ok := rep.at(p.AskedAt)
	return !ok || rep.Head != p.Head || shown.Runs[plan.Workspace] != plan.ID, nil
}

// mostNotMerged is how many workspaces are named that keep driftless from merging.
const mostNotMerged = 5

// notMerged says why driftless does not merge what it was asked to apply and merge, or is "".
func (s *standing) notMerged(tx Tx) (string, error) {
	if s.pull.AskedAt.IsZero() {
		return "", nil
	}
	var names []string
	for _, id := range s.pull.Affected {
		plan, ok := newest(s.plans[id], id, Open)
		if !ok {
			continue
		}
		if unseen, err := unseenAtMerge(tx, &s.pull, plan); err != nil {
			return "", err
		} else if unseen && len(names) == mostNotMerged {
			names = append(names, "others")
			break
		} else if unseen {
			names = append(names, "`"+plainWord(afterRepository(id))+"`")
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	return fmt.Sprintf("driftless does not merge this: when it was asked to, the report did not show what the merge applies to %s. Read that; then merge, or comment `driftless apply` once more.", strings.Join(names, ", ")), nil
}

// mergeTried lets the report say that the forge did not merge, or the next poll see that it did.
func (w *watcher) mergeTried(ctx context.Context, key string) {
	w.pollNow()
	w.reportOn(ctx, key)
}

// reportOn brings the report of an open pull request up to date with what became of showing it.
func (w *watcher) reportOn(ctx context.Context, key string) {
	var pulls []Pull
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		pulls, err = tx.Pulls(PullFilter{Repository: w.conf.Name, Key: key, State: Open, Limit: 1})
		return err
	})
	for _, p := range pulls {
		err = errors.Join(err, w.r.report(ctx, p.ID))
	}
	if err != nil {
		w.r.log.Error("report what the forge did not take", "repository", w.conf.Name, "pull", key, "error", err)
	}
}

// mergeRefused is why the forge did not merge a pull request that driftless asked it to merge, or "".
func mergeRefused(tx Tx, pull Pull) (string, error) {
	post, err := tx.Post(pull.Repository, PostMerge, pull.Key)
	if errors.Is(err, ErrNotFound) || err == nil && (!post.Waiting() || post.Error == "") {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return "It is applied, and the forge does not merge it yet: " + post.Error + ". driftless tries again; or merge it yourself.", nil
}
