package gitea

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

// Comments implements forge.Host.
func (h *Host) Comments(ctx context.Context, since time.Time) ([]forge.Comment, error) {
	got, err := all(ctx, h.account, h.what("list the comments of", ""), commentID, func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Comment, *sdk.Response, error) {
		return c.ListRepoIssueComments(h.owner, h.name, sdk.ListIssueCommentOptions{ListOptions: o, Since: since.UTC()})
	})
	if err != nil {
		return nil, err
	}
	return h.comments(ctx, got, "")
}

// Thread implements forge.Host. Gitea gives it whole.
func (h *Host) Thread(ctx context.Context, key string) ([]forge.Comment, error) {
	got, err := all(ctx, h.account, h.what("list the comments of", "#"+key), commentID, func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Comment, *sdk.Response, error) {
		return c.ListIssueComments(h.owner, h.name, int64(number(key)), sdk.ListIssueCommentOptions{ListOptions: o})
	})
	if err != nil {
		return nil, h.ifGone(ctx, key, err)
	}
	return h.comments(ctx, got, key)
}

func commentID(c *sdk.Comment) int64 { return c.ID }

// comments translates comments of one key, or of those that their URLs name.
func (h *Host) comments(ctx context.Context, got []*sdk.Comment, key string) ([]forge.Comment, error) {
	if len(got) == 0 {
		return nil, nil
	}
	me, err := h.account.self(ctx)
	if err != nil {
		return nil, err
	}
	var list []forge.Comment
	for _, c := range got {
		k := cmp.Or(key, keyOf(c.PRURL), keyOf(c.IssueURL))
		if k != "" {
			list = append(list, comment(c, k, me))
		}
	}
	slices.SortStableFunc(list, func(a, b forge.Comment) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

func comment(c *sdk.Comment, key string, me *sdk.User) forge.Comment {
	return forge.Comment{
		ID: c.ID, Key: key, Author: login(c.Poster), Own: c.Poster != nil && c.Poster.ID == me.ID, Bot: bot(c.Poster),
		Body: c.Body, Created: c.Created, Edited: c.Updated.After(c.Created), Updated: c.Updated,
	}
}

// actionsUser is whom Gitea and Forgejo let workflows act as.
const actionsUser = -2

// bot reports whether an account is a program's. Gitea only tells it of its own; by custom others are named so.
func bot(u *sdk.User) bool {
	return u != nil && (u.ID == actionsUser || strings.HasSuffix(u.UserName, "[bot]"))
}

// keyOf reads the number at the end of the URL of an issue or pull request, as people see it; "" = there is none.
func keyOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.TrimRight(u.Path, "/"), "/")
	n, err := strconv.ParseInt(parts[len(parts)-1], 10, 64)
	if len(parts) < 2 || !slices.Contains([]string{"issues", "pulls"}, parts[len(parts)-2]) || err != nil || n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// AddComment implements forge.Host.
func (h *Host) AddComment(ctx context.Context, key, body string) (forge.Comment, error) {
	me, err := h.account.self(ctx)
	if err != nil {
		return forge.Comment{}, err
	}
	c, err := ask(ctx, h.account, h.what("comment on", "#"+key), func(c *sdk.Client) (*sdk.Comment, *sdk.Response, error) {
		return c.CreateIssueComment(h.owner, h.name, int64(number(key)), sdk.CreateIssueCommentOption{Body: body})
	})
	if err != nil {
		return forge.Comment{}, h.ifGone(ctx, key, err)
	}
	return comment(c, key, me), nil
}

// ifGone tells a server that is not well from an issue or pull request that is not there: asked for the comments of one,
// Gitea answers 500.
func (h *Host) ifGone(ctx context.Context, key string, err error) error {
	var later *forge.Later
	if !errors.As(err, &later) || later.Status != http.StatusInternalServerError {
		return err
	}
	_, asked := ask(ctx, h.account, h.what("ask for", "#"+key), func(c *sdk.Client) (*sdk.Issue, *sdk.Response, error) {
		return c.GetIssue(h.owner, h.name, int64(number(key)))
	})
	if errors.Is(asked, forge.ErrGone) {
		return asked
	}
	return err
}

// EditComment implements forge.Host.
func (h *Host) EditComment(ctx context.Context, id int64, body string) (forge.Comment, error) {
	c, err := ask(ctx, h.account, h.what("edit a comment in", fmt.Sprintf(" (%d)", id)), func(c *sdk.Client) (*sdk.Comment, *sdk.Response, error) {
		return c.EditIssueComment(h.owner, h.name, id, sdk.EditIssueCommentOption{Body: body})
	})
	if err != nil {
		return forge.Comment{}, err
	}
	return comment(c, cmp.Or(keyOf(c.IssueURL), keyOf(c.PRURL)), c.Poster), nil
}

// DeleteComment implements forge.Host.
func (h *Host) DeleteComment(ctx context.Context, id int64) error {
	_, err := ask(ctx, h.account, h.what("delete a comment in", fmt.Sprintf(" (%d)", id)), func(c *sdk.Client) (struct{}, *sdk.Response, error) {
		resp, err := c.DeleteIssueComment(h.owner, h.name, id)
		return struct{}{}, resp, err
	})
	if errors.Is(err, forge.ErrGone) {
		return nil
	}
	return err
}

// React implements forge.Host. Gitea keeps one of a kind for each person.
func (h *Host) React(ctx context.Context, commentID int64, r forge.Reaction) error {
	_, err := ask(ctx, h.account, h.what("react to a comment in", fmt.Sprintf(" (%d)", commentID)), func(c *sdk.Client) (*sdk.Reaction, *sdk.Response, error) {
		return c.PostIssueCommentReaction(h.owner, h.name, commentID, string(r))
	})
	return err
}
