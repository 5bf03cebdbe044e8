package gitea

import (
	"context"
	"fmt"
	"slices"
	"strings"

	sdk "code.gitea.io/sdk/gitea"
)

const (
	ownLabels  = "driftless" // what the names of our labels begin with
	labelColor = "#5319e7"
)

// labels returns the ids of labels of the repository, and makes those that do not exist.
func (h *Host) labels(ctx context.Context, names []string) ([]int64, error) {
	if len(names) == 0 {
		return []int64{}, nil
	}
	there, err := all(ctx, h.account, h.what("list the labels of", ""), func(l *sdk.Label) int64 { return l.ID },
		func(c *sdk.Client, o sdk.ListOptions) ([]*sdk.Label, *sdk.Response, error) {
			return c.ListRepoLabels(h.owner, h.name, sdk.ListLabelsOptions{ListOptions: o})
		})
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(names))
	for _, name := range names {
		at := slices.IndexFunc(there, func(l *sdk.Label) bool { return strings.EqualFold(l.Name, name) })
		if at < 0 {
			made, err := ask(ctx, h.account, h.what(fmt.Sprintf("make the label %q in", name), ""), func(c *sdk.Client) (*sdk.Label, *sdk.Response, error) {
				return c.CreateLabel(h.owner, h.name, sdk.CreateLabelOption{Name: name, Color: labelColor})
			})
			if err != nil {
				return nil, err
			}
			at, there = len(there), append(there, made)
		}
		ids = append(ids, there[at].ID)
	}
	return ids, nil
}

// setLabels gives an issue our labels beside those of others. It sends nothing when they are there.
func (h *Host) setLabels(ctx context.Context, issue *sdk.Issue, names []string) error {
	var others []int64
	have := 0
	for _, l := range issue.Labels {
		switch {
		case has(names, l.Name):
			have++
		case !strings.HasPrefix(strings.ToLower(l.Name), ownLabels):
			others = append(others, l.ID)
		}
	}
	if have == len(names) && have+len(others) == len(issue.Labels) {
		return nil
	}
	ids, err := h.labels(ctx, names)
	if err != nil {
		return err
	}
	_, err = ask(ctx, h.account, h.what("label", fmt.Sprintf("#%d", issue.Index)), func(c *sdk.Client) ([]*sdk.Label, *sdk.Response, error) {
		return c.ReplaceIssueLabels(h.owner, h.name, issue.Index, sdk.IssueLabelsOption{Labels: append(ids, others...)})
	})
	return err
}
