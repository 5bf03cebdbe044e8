package github

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

const (
	recentPage = 30              // pull requests of the page that each poll asks for
	overlap    = 1 * time.Minute // that changes may take to show in the order of their times
	openTries  = 3
)

// pulls are the open pull requests, as far as they are known.
//
// Each poll asks one question: the pull requests that were updated last, open or not. Whatever changes one (a push, an edit,
// another base, closing, opening again, merging) sets its updated_at and brings it to the front, so that the same first page
// means that nothing changed: GitHub answers 304, which is free. Otherwise the pages are read on until they are older than
// the newest that was seen before. Something that changes meanwhile moves to the front and pushes the rest down: nothing is
// skipped on the way, and the next poll sees it, because the first page is another one then. So a pull request that closes
// is always met, and leaves.
//
// The open ones are listed as a whole only at first, and when what is remembered is in doubt: a first page that is older than
// the one before (a replica of the database that lags), or lacks one that belongs there (it was deleted). A walk that failed
// halfway is made again from its beginning.
//
// What the heads are is Git's word. A pull request that is in the list and not among the refs, or the other way round, was
// made between the two questions: the next poll has both. A ref alone says nothing, as closed ones keep theirs.
type pulls struct {
	mu     sync.Mutex
	sound  bool
	etag   string
	newest time.Time
	open   map[int]*api.PullRequest
	branch string // the tracked one
}

// Poll implements forge.Forge.
func (h *Host) Poll(ctx context.Context, view forge.View) ([]forge.PullRequest, error) {
	p := &h.pulls
	p.mu.Lock()
	defer p.mu.Unlock()
	p.branch = view.Branch
	if err := h.refresh(ctx); err != nil { // what was known before is as true as it was: the next poll goes on from there
		return nil, explain("list the pull requests of "+h.path(), "pull requests: read", err)
	}
	var open []forge.PullRequest
	for number, pr := range p.open {
		ref := forge.PullRef(strconv.Itoa(number))
		if head := view.Refs.All[ref]; head != "" {
			open = append(open, pullRequest(pr, ref, head))
		}
	}
	slices.SortFunc(open, byNumber)
	return open, nil
}

// PullRequests implements forge.Forge: those that Poll found are open.
func (h *Host) PullRequests(_ context.Context, view forge.View) ([]forge.PullRequest, error) {
	return view.Open, nil
}

func pullRequest(pr *api.PullRequest, ref, head string) forge.PullRequest {
	return forge.PullRequest{
		Key: strconv.Itoa(pr.GetNumber()), Title: pr.GetTitle(), Author: pr.GetUser().GetLogin(), Head: head, Ref: ref,
		Base: pr.GetBase().GetRef(), Draft: pr.GetDraft(), URL: pr.GetHTMLURL(),
		// The repository of a fork that was deleted is missing.
		Fork: pr.GetHead().GetRepo().GetID() != pr.GetBase().GetRepo().GetID(),
	}
}

func byNumber(a, b forge.PullRequest) int {
	return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), cmp.Compare(a.Key, b.Key))
}

func (h *Host) refresh(ctx context.Context) error {
	p := &h.pulls
	if p.sound {
		_, err := h.recent(ctx)
		if err != nil || p.sound {
			return err
		}
	}
	p.etag, p.newest, p.open = "", time.Time{}, map[int]*api.PullRequest{}
	if _, err := h.recent(ctx); err != nil { // first, so that what changes while the open ones are read is met next
		return err
	}
	for range openTries {
		many, err := h.listOpen(ctx)
		if err != nil || !many {
			p.sound = err == nil
			return err
		}
		// One that closed between two pages moved the others up, and one of them over the edge.
		closed, err := h.recent(ctx)
		if err != nil || !closed {
			p.sound = err == nil
			return err
		}
	}
	return &forge.Later{Reason: "pull requests are closed faster than they can be listed"}
}
