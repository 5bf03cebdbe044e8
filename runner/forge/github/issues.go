package github

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	api "github.com/google/go-github/v60/github"

	"github.com/driftlessops/driftless/runner/forge"
)

const writesIssues = "issues: write"

// Issues implements forge.Host.
func (h *Host) Issues(ctx context.Context, label string) ([]forge.Issue, error) {
	what := fmt.Sprintf("list the issues of %s with label %s", h.path(), label)
	own, err := h.account.sign.login(ctx)
	if err != nil {
		return nil, explain(what, "", err)
	}
	all, err := steady((*api.Issue).GetID, func(page api.ListOptions) ([]*api.Issue, *api.Response, error) {
		return h.api.Issues.ListByRepo(ctx, segment(h.owner), segment(h.name), &api.IssueListByRepoOptions{
			State: "all", Creator: own, Labels: []string{label}, Sort: "created", Direction: "asc", ListOptions: page,
		})
	})
	if err != nil {
		return nil, explain(what, "issues: read", err)
	}
	var issues []forge.Issue
	for _, one := range all {
		if !one.IsPullRequest() && strings.EqualFold(one.GetUser().GetLogin(), own) {
			issues = append(issues, issue(one))
		}
	}
	return issues, nil
}

func issue(i *api.Issue) forge.Issue {
	return forge.Issue{
		Key: strconv.Itoa(i.GetNumber()), Title: i.GetTitle(), Body: i.GetBody(), Open: i.GetState() == "open", Labels: labelNames(i),
	}
}

func labelNames(i *api.Issue) (names []string) {
	for _, label := range i.Labels {
		names = append(names, label.GetName())
	}
	return names
}

// PutIssue implements forge.Host.
func (h *Host) PutIssue(ctx context.Context, issue forge.Issue) (key string, err error) {
	if issue.Key == "" {
		return h.openIssue(ctx, issue)
	}
	what := "update issue " + h.at(issue.Key)
	n, err := number(issue.Key)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	now, _, err := h.api.Issues.Get(ctx, segment(h.owner), segment(h.name), n)
	if err != nil {
		return "", explain(what, "issues: read", err)
	}
	if err := h.haveLabels(ctx, issue.Labels); err != nil {
		return "", explain(what, writesIssues, err)
	}
	labels := relabelled(labelNames(now), issue.Labels)
	state := "closed"
	if issue.Open {
		state = "open"
	}
	_, _, err = h.api.Issues.Edit(ctx, segment(h.owner), segment(h.name), n,
		&api.IssueRequest{Title: &issue.Title, Body: &issue.Body, State: &state, Labels: &labels})
	return issue.Key, explain(what, writesIssues, err)
}

// openIssue makes an issue; one that is to be closed at once is closed after that.
func (h *Host) openIssue(ctx context.Context, issue forge.Issue) (key string, err error) {
	what := "open an issue at " + h.path()
	if err := h.haveLabels(ctx, issue.Labels); err != nil {
		return "", explain(what, writesIssues, err)
	}
	request := &api.IssueRequest{Title: &issue.Title, Body: &issue.Body, Labels: &issue.Labels}
	made, _, err := h.api.Issues.Create(ctx, segment(h.owner), segment(h.name), request)
	if err != nil {
		return "", explain(what, writesIssues, err)
	}
	issue.Key = strconv.Itoa(made.GetNumber())
	if !issue.Open {
		return h.PutIssue(ctx, issue)
	}
	return issue.Key, nil
}

// ours begins the names of labels that are driftless's to take away.
const ours = "driftless"

// relabelled is what labels an issue has after it was given those of driftless: others' stay.
func relabelled(now, want []string) []string {
	labels := slices.Clone(want)
	for _, name := range now {
		same := func(other string) bool { return strings.EqualFold(other, name) }
		if !strings.HasPrefix(strings.ToLower(name), ours) && !slices.ContainsFunc(labels, same) {
			labels = append(labels, name)
		}
	}
	if labels == nil {
		labels = []string{} // none, and not "as they are"
	}
	return labels
}
