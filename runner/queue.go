package runner

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// queueHeads are the heads of a forge's merge queue for the tracked branch. They are never pull requests.
func queueHeads(view forge.View) map[string]string {
	heads := map[string]string{}
	for name, head := range view.Refs.All {
		if strings.HasPrefix(name, forge.QueuePrefix+view.Branch+"/") {
			heads[name] = head
		}
	}
	return heads
}

// queueName is the end of a queue's ref: the number of the pull request that it ends with, and the commit that it was put on.
var queueName = regexp.MustCompile(`/pr-(\d+)-([0-9a-f]{40})$`)

// queue is the merge queue as one poll saw it. Who may push may push a branch that is named like one of its heads, with
// anything in it; so a head counts only when it is its pull request merged with the tracked branch, or with another such head.
type queue struct {
	w     *watcher
	view  forge.View
	heads map[string]string // by ref
	seen  map[string]bool   // refs that were looked at
	known map[string]string // heads of pull requests, by the ref and the head in which they were found; and those of before
	old   map[string]string
	pulls map[string]forge.PullRequest
}

// queued finds the heads of the merge queue by the pull request that they end with. They ask for the same statuses as it does:
// whether they may be applied is judged anew once they are the tracked branch.
func (w *watcher) queued(ctx context.Context, view forge.View) map[string][]string {
	q := &queue{w: w, view: view, heads: queueHeads(view), pulls: map[string]forge.PullRequest{}, known: map[string]string{}, old: w.queueKnown}
	for _, pr := range view.Open {
		q.pulls[pr.Key] = pr
	}
	found := map[string][]string{}
	for name, head := range q.heads {
		m := queueName.FindStringSubmatch(name)
		own := slices.ContainsFunc(view.Open, func(pr forge.PullRequest) bool { return pr.Head == head }) // which speaks for itself
		if q.seen = map[string]bool{}; m != nil && !own && q.holds(ctx, name) {
			found[m[1]] = append(found[m[1]], head)
		}
	}
	w.queueKnown = q.known
	return found
}

// holds reports whether a head is what its name says.
func (q *queue) holds(ctx context.Context, name string) bool {
	m := queueName.FindStringSubmatch(name)
	if m == nil || q.seen[name] {
		return false
	}
	q.seen[name] = true
	pr, open := q.pulls[m[1]]
	key := name + " " + q.heads[name]
	if !open {
		return false
	} else if q.old[key] == pr.Head || q.known[key] == pr.Head {
		q.known[key] = pr.Head
		return true
	}
	commit, err := q.w.mirror.Commit(ctx, q.heads[name])
	if err != nil {
		return false
	}
	for _, base := range append([]string{m[2]}, commit.Parents[:min(1, len(commit.Parents))]...) {
		if !q.stands(ctx, base) {
			continue
		}
		merged, err := q.w.mirror.Merge(ctx, base, pr.Head)
		if err == nil && len(merged.Conflicts) == 0 && merged.Tree == commit.Tree {
			q.known[key] = pr.Head
			return true
		}
	}
	return false
}

// stands reports whether the queue may have put something on a commit.
func (q *queue) stands(ctx context.Context, base string) bool {
	if !q.w.mirror.Has(base) {
		return false
	}
	if on, err := q.w.mirror.IsAncestor(ctx, base, q.view.Refs.Branch(q.view.Branch)); err == nil && on {
		return true
	}
	for name, head := range q.heads {
		if head == base && q.holds(ctx, name) {
			return true
		}
	}
	return false
}
