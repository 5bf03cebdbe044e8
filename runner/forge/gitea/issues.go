package gitea

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	sdk "code.gitea.io/sdk/gitea"

	"github.com/driftlessops/driftless/runner/forge"
)

// Issues implements forge.Host. Asked for a label that does not exist, Gitea gives all issues, so what it gives is filtered.
func (h *Host) Issues(ctx context.Context, label string) ([]forge.Issue, error) {
	me, err := h.account.self(ctx)
	if err != nil {
		return nil, err
	}
	got, err := all(ctx, h.account, h.what("list the issues of", ""), func(i *sdk.Issue) int64 { return i.ID },
		func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Issue, *sdk.Response, error) {
			return c.ListRepoIssues(h.owner, h.name, sdk.ListIssueOption{
				ListOptions: o, State: sdk.StateAll, Type: sdk.IssueTypeIssue, Labels: []string{label}, CreatedBy: me.UserName,
			})
		})
	if err != nil {
		return nil, err
	}
	var list []forge.Issue
	for _, i := range got {
		issue := toIssue(i)
		if i.PullRequest == nil && i.Poster != nil && i.Poster.ID == me.ID && has(issue.Labels, label) {
			list = append(list, issue)
		}
	}
	slices.SortFunc(list, func(a, b forge.Issue) int { return number(a.Key) - number(b.Key) })
	return list, nil
}

func toIssue(i *sdk.Issue) forge.Issue {
	issue := forge.Issue{Key: strconv.FormatInt(i.Index, 10), Title: i.Title, Body: i.Body, Open: i.State == sdk.StateOpen}
	for _, l := range i.Labels {
		issue.Labels = append(issue.Labels, l.Name)
	}
	return issue
}

func has(labels []string, name string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return strings.EqualFold(l, name) })
}

// PutIssue implements forge.Host.
func (h *Host) PutIssue(ctx context.Context, issue forge.Issue) (string, error) {
	if issue.Key == "" {
		return h.openIssue(ctx, issue)
	}
	state := sdk.StateClosed
	if issue.Open {
		state = sdk.StateOpen
	}
	in := map[string]any{"title": issue.Title, "body": issue.Body, "state": state}
	now, err := h.sendIssue(ctx, h.what("edit", "#"+issue.Key), http.MethodPatch, h.path("/issues/%d", number(issue.Key)), in)
	if err != nil {
		return "", err
	}
	return issue.Key, h.setLabels(ctx, now, issue.Labels)
}

func (h *Host) openIssue(ctx context.Context, issue forge.Issue) (string, error) {
	ids, err := h.labels(ctx, issue.Labels)
	if err != nil {
		return "", err
	}
	in := map[string]any{"title": issue.Title, "body": issue.Body, "labels": ids, "closed": !issue.Open}
	made, err := h.sendIssue(ctx, h.what("open an issue in", ""), http.MethodPost, h.path("/issues"), in)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(made.Index, 10), nil
}

func (h *Host) sendIssue(ctx context.Context, what, method, path string, in map[string]any) (*sdk.Issue, error) {
	return ask(ctx, h.account, what, func(*sdk.Client) (*sdk.Issue, *sdk.Response, error) {
		issue := new(sdk.Issue)
		resp, err := h.account.send(ctx, method, path, in, issue)
		return issue, resp, err
	})
}
