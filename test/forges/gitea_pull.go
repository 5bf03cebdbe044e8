package forges

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// pull shows a pull request. Asking for one on its own starts the check whether it is clean; a list does not.
func (c *giteaCall) pull(i Issue, view bool) giteaPull {
	p, home := i.Pull, c.home(i)
	shown := giteaPull{
		ID: i.ID, URL: home, HTMLURL: home, DiffURL: home + ".diff", PatchURL: home + ".patch", Number: int64(i.Number),
		User: c.user(i.Author), Title: giteaTitle(i), Body: i.Body, Labels: c.labels(i.Labels), State: giteaState(i.Open),
		Draft: p.Draft, Comments: i.Comments, CreatedAt: i.Created, UpdatedAt: i.Updated, ClosedAt: pointer(i.Closed),
		Base: giteaBranch{Label: p.Base, Ref: p.Base, SHA: p.BaseSHA, RepoID: c.repo.Info().ID, Repo: c.repository(c.repo)},
		Head: c.head(i), MergeBase: c.mergeBase(p.BaseSHA, p.HeadSHA),
	}
	if view {
		clean, known, err := c.repo.Mergeable(i.Number)
		shown.Mergeable = err == nil && known && clean && !p.Draft
	}
	if !p.Merged.IsZero() {
		shown.Merged, shown.MergedAt, shown.Mergeable = true, pointer(p.Merged), true
		shown.MergeCommitSHA, shown.MergedBy = &p.MergeCommit, c.user(p.MergedBy)
	}
	return shown
}

// giteaTitle is the title with the prefix that makes a pull request a draft: Gitea has no other mark for one.
func giteaTitle(i Issue) string {
	if i.Pull != nil && i.Pull.Draft && !strings.HasPrefix(i.Title, "WIP:") {
		return "WIP: " + i.Title
	}
	return i.Title
}

// head is where a pull request comes from: a branch, or only the ref in the base repository once that branch is gone.
func (c *giteaCall) head(i Issue) giteaBranch {
	p := i.Pull
	b := giteaBranch{Label: p.Head, Ref: pullRef(i.Number, "head"), SHA: p.HeadSHA, RepoID: -1}
	from, _ := c.w.Repo(p.HeadRepo)
	if p.HeadRepo == "" || from == nil {
		return b
	}
	b.RepoID, b.Repo = from.Info().ID, c.repository(from)
	if from.Head(p.Head) != "" {
		b.Ref = p.Head
	}
	return b
}

// mergeBase is empty where the histories have nothing in common.
func (c *giteaCall) mergeBase(a, b string) string {
	if known, ok := c.bases.Load(a + b); ok {
		return known.(string)
	}
	base, _ := c.repo.Git("merge-base", a, b)
	c.bases.Store(a+b, base)
	return base
}

func giteaListPulls(c *giteaCall) reply {
	q := c.URL.Query()
	state, base := cmp.Or(q.Get("state"), "open"), q.Get("base_branch")
	list := slices.DeleteFunc(c.repo.Issues(), func(i Issue) bool {
		return i.Pull == nil || state != "all" && state != giteaState(i.Open) || base != "" && base != i.Pull.Base
	})
	slices.SortStableFunc(list, giteaOrder(q.Get("sort")))
	part, header := giteaPage(c, list, true)
	shown := []giteaPull{}
	for _, i := range part {
		shown = append(shown, c.pull(i, false))
	}
	return reply{status: http.StatusOK, body: shown, header: header}
}

// giteaOrder sorts issues as asked for; the newest come first where nothing was asked for.
func giteaOrder(by string) func(a, b Issue) int {
	newest := func(a, b Issue) int { return b.Number - a.Number }
	switch by {
	case "oldest":
		return func(a, b Issue) int { return newest(b, a) }
	case "recentupdate":
		return func(a, b Issue) int { return cmp.Or(b.Updated.Compare(a.Updated), newest(a, b)) }
	case "leastupdate":
		return func(a, b Issue) int { return cmp.Or(a.Updated.Compare(b.Updated), newest(a, b)) }
	case "recentclose":
		return func(a, b Issue) int { return cmp.Or(b.Closed.Compare(a.Closed), newest(a, b)) }
	case "mostcomment":
		return func(a, b Issue) int { return cmp.Or(b.Comments-a.Comments, newest(a, b)) }
	case "leastcomment":
		return func(a, b Issue) int { return cmp.Or(a.Comments-b.Comments, newest(a, b)) }
	}
	return newest
}

// pulled returns the pull request of the path.
func (c *giteaCall) pulled() (Issue, error) {
	i, err := c.repo.Issue(int(c.number("index")))
	if err == nil && i.Pull == nil {
		err = fmt.Errorf("%s#%d: %w", c.repo.Info().Path(), i.Number, ErrNotFound)
	}
	return i, err
}

func giteaGetPull(c *giteaCall) reply {
	i, err := c.pulled()
	if err != nil {
		return c.failed(err)
	}
	return ok(c.pull(i, true))
}

func giteaIsMerged(c *giteaCall) reply {
	i, err := c.pulled()
	if err != nil || i.Pull.Merged.IsZero() {
		return c.notFound()
	}
	return reply{status: http.StatusNoContent}
}
