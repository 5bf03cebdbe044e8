package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// observation is what Git and the forge say of a repository at one moment. What to do follows from it and the store alone.
type observation struct {
	seen     Repository // as recorded
	repo     Repository // as it becomes
	head     string
	tree     string
	trust    string  // commit that says what the workspaces of a pull request may do: the head; "" = there is none
	unread   *unread // why the head is not that commit; nil = it is
	set      *workspaces.Set
	digests  map[workspaces.ID]workspaces.Digest
	failed   map[workspaces.ID]error // workspaces whose digest could not be found out this time
	current  string                  // revision of the policies that judge a pull request: at the tracked branch
	judged   map[string]string       // revision of the policies that judge an apply, by the commit before it
	open     []pullView
	mergedAt map[workspaces.ID]time.Time // when the last merge that touches a workspace became known
	left     []Pull                      // open in the store, gone from the forge, with their new state
}

// pullView is one open pull request, merged with the tracked branch.
type pullView struct {
	pull    Pull
	effects []workspaces.Effect             // see touch
	twins   map[workspaces.ID]workspaces.ID // added workspaces that look like a removed one
}

// observe reads everything that reconciling needs. The lock is held.
func (w *watcher) observe(ctx context.Context) (*observation, error) {
	o := &observation{mergedAt: map[workspaces.ID]time.Time{}}
	o.head = w.view.Refs.Branch(w.view.Branch)
	o.trust = o.head
	var known []Pull
	var records []Workspace
	err := w.r.opts.Store.View(ctx, func(tx Tx) (err error) {
		if o.repo, err = tx.Repository(w.conf.Name); errors.Is(err, ErrNotFound) {
			o.repo, err = Repository{Name: w.conf.Name}, nil
		}
		if err == nil {
			known, err = knownPulls(tx, w.conf.Name)
		}
		if err == nil {
			records, err = tx.Workspaces(WorkspaceFilter{Repository: w.conf.Name})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	o.seen = o.repo
	if err := w.advance(ctx, o); err != nil || o.repo.Diverged != "" {
		return o, err
	}
	if o.set, err = w.resolve(ctx, o.tree, ""); err != nil {
		return o, w.observeUnread(ctx, o, known, err)
	}
	if err := w.digestAll(ctx, o); err != nil {
		return nil, err
	}
	if err := w.observePolicies(ctx, o, records); err != nil {
		return nil, err
	}
	return o, w.observePulls(ctx, o, known)
}

// knownPulls are the open pull requests of a repository, and the ones merged lately: a squash-merged branch may live on.
func knownPulls(tx Tx, repository string) ([]Pull, error) {
	open, err := tx.Pulls(PullFilter{Repository: repository, State: Open})
	if err != nil {
		return nil, err
	}
	merged, err := tx.Pulls(PullFilter{Repository: repository, State: Merged, Limit: 1000})
	return append(open, merged...), err
}

// digestAll computes the input digests at the tracked head. One that cannot be found out now (a module's host does not
// answer) fails alone.
func (w *watcher) digestAll(ctx context.Context, o *observation) (err error) {
	o.digests, o.failed = map[workspaces.ID]workspaces.Digest{}, map[workspaces.ID]error{}
	for _, ws := range o.set.Workspaces {
		if len(ws.Problems) > 0 {
			continue
		}
		if o.digests[ws.ID], err = w.digester.Digest(ctx, o.set, ws); err != nil {
			o.failed[ws.ID] = err
		}
	}
	return ctx.Err()
}

// observePolicies finds out which policies would judge what: the ones of the tracked head, and for an apply also those
// from before the first change that is not applied yet.
func (w *watcher) observePolicies(ctx context.Context, o *observation, records []Workspace) error {
	is, err := w.policySet(ctx, o.head)
	if err != nil {
		return err
	}
	o.current, o.judged = revision(is), map[string]string{}
	bases := []string{orElse(o.repo.PrevHead, o.head)}
	for _, rec := range records {
		if rec.Base != "" {
			bases = append(bases, rec.Base)
		}
	}
	for _, base := range bases {
		if _, ok := o.judged[base]; ok {
			continue
		}
		was, is, err := w.policyPair(ctx, base, o.head)
		if err != nil {
			return err
		}
		o.judged[base] = pairRevision(was, is)
	}
	return nil
}

// advance moves the recorded head, unless the branch was rewritten.
func (w *watcher) advance(ctx context.Context, o *observation) error {
	tree, err := w.mirror.Tree(ctx, o.head)
	if err != nil {
		return err
	}
	o.tree = tree.ID()
	o.repo.URL, o.repo.Branch, o.repo.Error, o.repo.Problems = redactURL(w.conf.URL), w.view.Branch, "", w.problems()
	if o.repo.Head == "" || o.repo.Head == o.head {
		o.repo.Head, o.repo.Diverged = o.head, ""
		return nil
	}
	follows, err := w.mirror.Follows(ctx, o.head, o.repo.Head)
	if err != nil {
		return err
	}
	if !follows {
		o.repo.Diverged = o.head
		return nil
	}
	o.repo.PrevHead, o.repo.Head, o.repo.Diverged = o.repo.Head, o.head, ""
	return nil
}

// resolve returns the workspaces of a planned tree, judged by a trusted one ("" = the same). A set comes with an error, too: it
// holds the sources that the error points into. It is safe for concurrent use.
func (w *watcher) resolve(ctx context.Context, tree, trusted string) (*workspaces.Set, error) {
	src := workspaces.Source{Repository: w.conf, Operator: w.r.opts.Config.Settings}
	var err error
	if src.Tree, err = w.mirror.Tree(ctx, tree); err != nil {
		return nil, err
	}
	if trusted != "" && trusted != tree {
		if src.Trusted, err = w.mirror.Tree(ctx, trusted); err != nil {
			return nil, err
		}
	}
	return workspaces.Resolve(src)
}

// observePulls finds the pull requests that are open, and how the ones that are not any more ended.
func (w *watcher) observePulls(ctx context.Context, o *observation, known []Pull) error {
	open, err := w.forge.PullRequests(ctx, w.view)
	if err != nil {
		return err
	}
	stored := map[string]Pull{} // open ones by key
	done := map[string]bool{}   // key and head of merged ones
	for _, p := range known {
		switch p.State {
		case Open:
			stored[p.Key] = p
		case Merged:
			done[p.Key+" "+p.Head] = true
			for _, id := range p.Affected {
				if p.UpdatedAt.After(o.mergedAt[id]) {
					o.mergedAt[id] = p.UpdatedAt
				}
			}
		}
	}
	here := map[string]bool{}
	if w.touched == nil {
		w.touched = map[string]*touch{}
	}
	for _, pr := range open {
		here[pr.Key] = true
		p, was := stored[pr.Key]
		if done[pr.Key+" "+pr.Head] {
			continue
		}
		if w.host == nil {
			goesOn, err := w.mergedBranch(ctx, o, pr, &p, was)
			if err != nil {
				return err
			} else if !goesOn {
				continue
			}
		}
		if p.ID != 0 || !was {
			delete(stored, pr.Key)
		}
		view, err := w.merge(ctx, o, asSeen(p, pr, w.conf.Name))
		if err != nil {
			return err
		}
		o.open = append(o.open, view)
	}
	maps.DeleteFunc(w.touched, func(key string, _ *touch) bool { return !here[key] })
	if o.unread != nil {
		return nil // how the others ended is told when the branch can be read
	}
	return w.observeLeft(ctx, o, stored)
}

// asSeen is a pull request as the forge shows it now, with what is remembered of it.
func asSeen(p Pull, pr forge.PullRequest, repository string) Pull {
	p.Repository, p.Key, p.Title, p.Author, p.Head, p.State = repository, pr.Key, pr.Title, pr.Author, pr.Head, Open
	p.URL, p.Target, p.Fork, p.Draft = pr.URL, pr.Base, pr.Fork, pr.Draft
	return p
}

// mergedBranch finds out, where no forge knows it, whether the branch of a pull request was merged: a squash or rebase merge
// leaves it ahead of the tracked one for ever. It reports whether there is a pull request to go on with; p is emptied when
// that is another one than before.
func (w *watcher) mergedBranch(ctx context.Context, o *observation, pr forge.PullRequest, p *Pull, was bool) (goesOn bool, err error) {
	base := o.head
	if was {
		base = p.Base
	}
	m, merged, err := w.merged(ctx, pr.Key, pr.Head, base, o.head)
	if err != nil {
		return false, err
	}
	if merged {
		if !was || p.Head != pr.Head { // else told apart below, as one that left
			left := asSeen(Pull{}, pr, w.conf.Name)
			left.Base, left.State, left.MergedCommit = o.head, Merged, m.Commit
			o.left = append(o.left, left)
		}
		return false, nil
	}
	if was && p.Head != pr.Head {
		if _, merged, err = w.merged(ctx, p.Key, p.Head, p.Base, o.head); err != nil {
			return false, err
		} else if merged {
			*p = Pull{} // the branch goes on after its merge: another pull request
		}
	}
	return true, nil
}

// merged asks the forge by which commit a pull request was merged. One whose commits are not in the mirror any more (it
// was made anew, and the branch is gone) was not merged as far as anyone can tell.
func (w *watcher) merged(ctx context.Context, key, head, from, to string) (m forge.Merge, ok bool, err error) {
	m, ok, err = w.forge.Merged(ctx, key, head, from, to)
	if errors.Is(err, gitrepo.ErrMissing) && from != "" {
		m, ok, err = w.forge.Merged(ctx, key, head, "", to)
	}
	if errors.Is(err, gitrepo.ErrMissing) || errors.Is(err, forge.ErrGone) {
		return forge.Merge{}, false, nil
	}
	return m, ok, err
}

// gitLag is how long Git may take to show a merge that the forge tells of.
const gitLag = time.Hour

// observeLeft finds out how pull requests ended that are not open any more. One of which the forge does not say it now is
// asked about again at the next poll, and only the workspaces that it touches wait for that: where many end at once, a
// forge that answers most of the time would otherwise never have answered all.
func (w *watcher) observeLeft(ctx context.Context, o *observation, stored map[string]Pull) error {
	for _, p := range stored {
		m, merged, err := w.merged(ctx, p.Key, p.Head, p.Base, o.head)
		if err != nil {
			w.unknownEnd(o, p, err)
			continue
		}
		p.State, p.MergedCommit = Closed, ""
		if merged {
			p.State, p.MergedCommit, p.MergedAt, p.MergedBy, p.ReviewedBy = Merged, m.Commit, m.At.Truncate(time.Microsecond), m.By, m.Reviewers
			ours := p.Target == "" || p.Target == w.view.Branch
			if ours && !w.contains(ctx, o.head, m.Commit) && time.Since(p.UpdatedAt) < gitLag {
				w.dirty.Store(true) // the poll that shows its commit tells of it
				continue
			}
		}
		o.left = append(o.left, p)
	}
	return ctx.Err()
}

// unknownEnd lets the workspaces of a pull request wait: what may be applied in them depends on who reviewed it.
func (w *watcher) unknownEnd(o *observation, p Pull, failure error) {
	w.dirty.Store(true)
	w.r.log.Warn("how a pull request ended is not known yet", "repository", p.Repository, "pull", p.Key, "error", failure)
	for _, id := range p.Affected {
		o.failed[id] = fmt.Errorf("whether pull request %s was merged is not known yet: %w", p.Key, failure)
	}
}

// contains reports whether a commit is in the history of another, as far as the mirror knows it.
func (w *watcher) contains(ctx context.Context, head, commit string) bool {
	if commit == head || commit == "" {
		return commit == head
	}
	ok, err := w.mirror.Follows(ctx, head, commit)
	return ok && err == nil
}

// merge merges a pull request with the tracked head and finds what it touches. What is wrong with the pull request is
// written on it; an error is a failure to look.
func (w *watcher) merge(ctx context.Context, o *observation, pull Pull) (pullView, error) {
	v := pullView{pull: pull}
	p := &v.pull
	p.Base, p.Tree, p.Conflicts, p.Error, p.Notices, p.Orphans, p.Affected, p.Manual, p.Before = o.head, "", nil, "", nil, nil, nil, nil, nil
	if p.Aside = w.otherBase(p); p.Aside != "" {
		return v, nil
	}
	t, err := w.touches(ctx, o, p)
	if err != nil {
		return v, err
	}
	p.Tree, p.Conflicts, p.Error = t.tree, t.conflicts, t.failed
	if t.broken {
		p.Error = w.unmended(o, p.Error)
	}
	if t.effects == nil {
		return v, nil
	}
	v.effects, v.twins = t.effects, t.twins
	broken, err := w.brokenPolicies(ctx, p.Tree)
	if err != nil {
		return v, err
	}
	p.Notices = slices.Concat(broken, t.notices)
	for _, e := range v.effects {
		if e.Removed {
			p.Orphans = append(p.Orphans, e.Workspace.ID)
		} else {
			p.Affected = append(p.Affected, e.Workspace.ID)
		}
	}
	p.Manual, p.Before, p.Aside = t.manual, beforeMerge(&v), w.untrusted(p)
	if o.unread != nil {
		w.mended(o, p)
	}
	return v, nil
}
