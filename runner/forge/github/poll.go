package github

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
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
// The open ones are listed as a whole only at first, and when what is remembered is in doubt: a walk that failed halfway, or a
// first page that is older than the one before (a replica of the database that lags).
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
	if err := h.refresh(ctx); err != nil {
		p.sound, p.etag = false, ""
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

// recent reads what was updated since the last time, and reports whether a pull request that was open is not any more.
func (h *Host) recent(ctx context.Context) (closed bool, err error) {
	p := &h.pulls
	first := p.newest.IsZero()
	until, newest, etag := p.newest.Add(-overlap), p.newest, ""
	for page := 1; ; page++ {
		some, resp, err := h.recentPage(ctx, page, p.etag)
		if err != nil {
			return false, err
		}
		if resp.StatusCode == http.StatusNotModified {
			return false, nil
		}
		if page == 1 {
			etag = resp.Header.Get("ETag")
			if !first && (len(some) == 0 || some[0].GetUpdatedAt().Before(p.newest)) {
				p.sound = false
				return false, nil
			}
		}
		older := len(some) == 0
		for _, pr := range some {
			closed = p.note(pr) || closed
			at := pr.GetUpdatedAt().Time
			older = older || at.Before(until)
			if at.After(newest) {
				newest = at
			}
		}
		if first || older || resp.NextPage == 0 {
			p.newest, p.etag = newest, etag
			return closed, nil
		}
	}
}

// note keeps what is known of a pull request, and reports whether it was open and is not any more.
func (p *pulls) note(pr *api.PullRequest) (closed bool) {
	_, was := p.open[pr.GetNumber()]
	if pr.GetState() == "open" {
		p.open[pr.GetNumber()] = pr
		return false
	}
	delete(p.open, pr.GetNumber())
	return was
}

// recentPage asks for a page of the pull requests that were updated last; the first one only if it changed.
func (h *Host) recentPage(ctx context.Context, page int, etag string) ([]*api.PullRequest, *api.Response, error) {
	var some []*api.PullRequest
	query := url.Values{"state": {"all"}, "sort": {"updated"}, "direction": {"desc"}, "per_page": {strconv.Itoa(recentPage)}}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
		etag = ""
	}
	resp, err := h.ifChanged(ctx, "pulls?"+query.Encode(), etag, &some)
	return some, resp, err
}

// listOpen notes all open pull requests, and reports whether that took more than one page.
func (h *Host) listOpen(ctx context.Context) (many bool, err error) {
	asked := 0
	all, err := pages(func(page api.ListOptions) ([]*api.PullRequest, *api.Response, error) {
		asked++
		return h.api.PullRequests.List(ctx, segment(h.owner), segment(h.name), &api.PullRequestListOptions{State: "open", ListOptions: page})
	})
	for _, pr := range all {
		h.pulls.note(pr)
	}
	return asked > 1, err
}

func byNumber(a, b forge.PullRequest) int {
	return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), cmp.Compare(a.Key, b.Key))
}
