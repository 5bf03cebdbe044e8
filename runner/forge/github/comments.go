package github

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

// comments remembers the last answer about new comments, so that the same question costs nothing while nothing changed. Asked
// for later ones it puts the same question again, as long as the answer is short: another one would cost something.
type comments struct {
	mu    sync.Mutex
	since time.Time
	etag  string
	last  []forge.Comment
	by    string // our login when it was written down
}

// short is how many comments an answer may have for its question to be put again.
const short = perPage / 2

// question is since when comments are asked for if those since a time are wanted.
func (c *comments) question(since time.Time) time.Time {
	if c.etag != "" && !since.Before(c.since) && len(c.last) <= short {
		return c.since
	}
	return since
}

// after are the remembered ones that were written or edited at a time or later.
func (c *comments) after(since time.Time) []forge.Comment {
	return slices.DeleteFunc(slices.Clone(c.last), func(one forge.Comment) bool { return one.Updated.Before(since) })
}

// Comments implements forge.Host.
func (h *Host) Comments(ctx context.Context, since time.Time) ([]forge.Comment, error) {
	what := "read the comments of " + h.path()
	own, err := h.account.sign.login(ctx)
	if err != nil {
		return nil, explain(what, "", err)
	}
	c := &h.comments
	c.mu.Lock()
	defer c.mu.Unlock()
	from := c.question(since)
	if !c.since.Equal(from) || c.by != own {
		c.etag = ""
	}
	some, resp, err := h.commentsPage(ctx, from, 1, c.etag)
	if err != nil {
		return nil, explain(what, "issues: read", err)
	}
	if resp.StatusCode == http.StatusNotModified {
		return c.after(since), nil
	}
	c.etag = ""
	// Of a full page, the next comment would be on another one and leave this one as it is.
	etag := ""
	if len(some) < perPage && resp.NextPage == 0 {
		etag = resp.Header.Get("ETag")
	}
	some, err = h.moreComments(ctx, from, some, resp)
	if err != nil {
		return nil, explain(what, "issues: read", err)
	}
	c.last = nil
	for _, one := range some {
		if !one.GetUpdatedAt().Before(from) {
			c.last = append(c.last, comment(one, own))
		}
	}
	c.since, c.by, c.etag = from, own, etag
	return c.after(since), nil
}

// moreComments reads on after the first page. It asks by time and not by page: a comment that is edited meanwhile moves to
// the end, and the one that takes its place at the edge of a page would be missed.
func (h *Host) moreComments(ctx context.Context, since time.Time, all []*api.IssueComment, resp *api.Response) ([]*api.IssueComment, error) {
	at := map[int64]int{}
	for i, one := range all {
		at[one.GetID()] = i
	}
	some := all
	for page := 1; resp.NextPage != 0 && len(some) > 0; {
		if last := some[len(some)-1].GetUpdatedAt().Time; last.After(since.Add(time.Second)) {
			since, page = last, 1
		} else {
			page++ // more of one time than a page holds
		}
		var err error
		if some, resp, err = h.commentsPage(ctx, since, page, ""); err != nil {
			return nil, err
		}
		for _, one := range some {
			if i, known := at[one.GetID()]; known {
				all[i] = one
				continue
			}
			at[one.GetID()] = len(all)
			all = append(all, one)
		}
	}
	return all, nil
}

// commentsPage asks for a page of the comments that were updated at since or later, oldest first. GitHub says "after", so it is
// asked for a second more.
func (h *Host) commentsPage(ctx context.Context, since time.Time, page int, etag string) ([]*api.IssueComment, *api.Response, error) {
	query := url.Values{"sort": {"updated"}, "direction": {"asc"}, "per_page": {strconv.Itoa(perPage)}}
	if !since.IsZero() {
		query.Set("since", since.Add(-time.Second).UTC().Format(time.RFC3339))
	}
	if page > 1 {
		query.Set("page", strconv.Itoa(page))
	}
	var some []*api.IssueComment
	resp, err := h.ifChanged(ctx, "issues/comments?"+query.Encode(), etag, &some)
	return some, resp, err
}

// comment is a comment in the words of package forge. Those of deleted accounts have no author.
func comment(c *api.IssueComment, own string) forge.Comment {
	login := c.GetUser().GetLogin()
	return forge.Comment{
		ID: c.GetID(), Key: path.Base(c.GetIssueURL()), Author: login, Own: login != "" && strings.EqualFold(login, own),
		Bot: c.GetUser().GetType() == "Bot", Body: c.GetBody(), Created: c.GetCreatedAt().Time,
		Edited: !c.GetUpdatedAt().Equal(c.GetCreatedAt()), Updated: c.GetUpdatedAt().Time,
	}
}
