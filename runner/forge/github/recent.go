package github

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	api "github.com/google/go-github/v60/github"
)

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
			if !first && (len(some) == 0 || some[0].GetUpdatedAt().Before(p.newest) || p.lost(some, resp.NextPage == 0)) {
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

// lost reports whether one that was open is missing from the first page, though it belongs there: it was deleted. whole says that
// there is no other page. One that is further down is missed until the open ones are listed again.
func (p *pulls) lost(page []*api.PullRequest, whole bool) bool {
	there := map[int]bool{}
	for _, pr := range page {
		there[pr.GetNumber()] = true
	}
	oldest := page[len(page)-1].GetUpdatedAt().Time
	for n, pr := range p.open {
		if !there[n] && (whole || pr.GetUpdatedAt().After(oldest)) {
			return true
		}
	}
	return false
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
