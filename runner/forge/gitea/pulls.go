package gitea

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces/gitrepo"
)

// Poll implements forge.Forge.
func (h *Host) Poll(ctx context.Context, view forge.View) ([]forge.PullRequest, error) {
	open, err := h.open.read(ctx, view.Branch, time.Now(), h.openPage)
	if err != nil {
		return nil, err
	}
	var list []forge.PullRequest
	for _, p := range open {
		if head := view.Refs.All[p.Ref]; head != "" {
			p.Head = head
			list = append(list, p.PullRequest)
		}
	}
	slices.SortFunc(list, func(a, b forge.PullRequest) int { return number(a.Key) - number(b.Key) })
	return list, nil
}

// PullRequests implements forge.Forge: Gitea said already which are open.
func (h *Host) PullRequests(_ context.Context, view forge.View) ([]forge.PullRequest, error) {
	return view.Open, nil
}

// openPage reads one page of the open pull requests, last updated first.
func (h *Host) openPage(ctx context.Context, n int) ([]pull, int, error) {
	what := h.what("list the pull requests of", "")
	got, total, err := askPage(ctx, h.account, what, func(c *sdk.Client) ([]*sdk.PullRequest, *sdk.Response, error) {
		return c.ListRepoPullRequests(h.owner, h.name, sdk.ListPullRequestsOptions{
			ListOptions: sdk.ListOptions{Page: n, PageSize: pageSize}, State: sdk.StateOpen, Sort: "recentupdate",
		})
	})
	if err != nil {
		return nil, 0, err
	}
	if total < 0 {
		return nil, 0, fmt.Errorf("%s: the answer does not say how many there are (X-Total-Count): is a proxy in between that drops it?", what)
	}
	var list []pull
	for _, p := range got {
		list = append(list, toPull(p))
	}
	return list, total, nil
}

func toPull(p *sdk.PullRequest) pull {
	key := strconv.FormatInt(p.Index, 10)
	out := pull{number: p.Index, PullRequest: forge.PullRequest{
		Key: key, Title: p.Title, Author: login(p.Poster), Ref: forge.PullRef(key), Fork: foreign(p), Draft: draft(p), URL: p.HTMLURL,
	}}
	if p.Base != nil {
		out.Base = p.Base.Ref
	}
	if p.Updated != nil {
		out.updated = *p.Updated
	}
	return out
}

// foreign reports whether somebody without rights here may have pushed what the pull request asks for: to a fork, which may
// be gone by now, or to refs/for (AGit), which leaves no branch.
func foreign(p *sdk.PullRequest) bool {
	return p.Head == nil || p.Base == nil || p.Head.Repository == nil || p.Head.RepoID != p.Base.RepoID ||
		strings.HasPrefix(p.Head.Ref, "refs/")
}

// draft reports whether the title says that the work goes on, by the prefixes that Gitea has unless it is configured otherwise.
func draft(p *sdk.PullRequest) bool {
	title := strings.ToUpper(p.Title)
	return p.Draft || strings.HasPrefix(title, "WIP:") || strings.HasPrefix(title, "[WIP]")
}

func login(u *sdk.User) string {
	if u == nil {
		return ""
	}
	return u.UserName
}

// number reads a key; what is none is 0, which no pull request has.
func number(key string) int {
	n, err := strconv.Atoi(key)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// pull asks for one pull request.
func (h *Host) pull(ctx context.Context, key string) (*sdk.PullRequest, error) {
	p, err := ask(ctx, h.account, h.what("ask for", "#"+key), func(c *sdk.Client) (*sdk.PullRequest, *sdk.Response, error) {
		return c.GetPullRequest(h.owner, h.name, int64(number(key)))
	})
	if err != nil {
		return nil, err
	}
	if p.Head == nil || p.Base == nil {
		return nil, fmt.Errorf("%s: the answer has no head or base", h.what("ask for", "#"+key))
	}
	return p, nil
}

// Merged implements forge.Forge: it is Gitea's word, whatever head was merged in the end.
func (h *Host) Merged(ctx context.Context, key, _, _, to string) (m forge.Merge, ok bool, err error) {
	p, err := h.pull(ctx, key)
	if err != nil || !p.HasMerged || !h.open.tracks(p.Base.Ref) {
		return m, false, err
	}
	reviews, err := h.reviews(ctx, key)
	if err != nil {
		return m, false, err
	}
	o := judge(reviews, login(p.Poster), p.Head.Sha)
	if p.Merged != nil {
		m.At = p.Merged.UTC()
	}
	m.By, m.Reviewers = login(p.MergedBy), append(o.approved, o.outdated...)
	slices.Sort(m.Reviewers)
	if p.MergedCommitID == nil || *p.MergedCommitID == "" {
		return m, true, nil
	}
	switch shown, err := h.mirror.IsAncestor(ctx, *p.MergedCommitID, to); {
	case errors.Is(err, gitrepo.ErrMissing):
	case err != nil:
		return forge.Merge{}, false, fmt.Errorf("%s: %w", h.what("find the merge of", "#"+key), err)
	case shown:
		m.Commit = *p.MergedCommitID
	}
	return m, true, nil
}
