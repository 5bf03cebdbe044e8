package forges

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"
)

// giteaMergeOption is asked for by these names, and by those of the versions before 1.26.
type giteaMergeOption struct {
	Do         string `json:"do"`
	Title      string `json:"merge_title_field"`
	TitleOld   string `json:"MergeTitleField"`
	Message    string `json:"merge_message_field"`
	MessageOld string `json:"MergeMessageField"`
	Head       string `json:"head_commit_id"`
}

var giteaMergeStyles = []string{"merge", "rebase", "rebase-merge", "squash", "fast-forward-only", "manually-merged"}

// giteaMerge merges. Its checks and answers come in Gitea's order: whatever is wrong with the pull request goes before a
// head that has moved.
func giteaMerge(c *giteaCall) reply {
	var form giteaMergeOption
	if err := c.decode(&form); err != nil || !slices.Contains(giteaMergeStyles, form.Do) {
		return c.refuse(http.StatusUnprocessableEntity, "[Do]: In")
	}
	i, err := c.pulled()
	if err != nil {
		return c.failed(err)
	}
	if a := c.mergeable(i); a != nil {
		return *a
	}
	method := Method(form.Do)
	if method != MergeCommit && method != Squash && method != Rebase {
		return c.refuse(http.StatusMethodNotAllowed, "%s is not allowed an allowed merge style for this repository", form.Do)
	}
	title := cmp.Or(form.Title, form.TitleOld)
	if message := cmp.Or(form.Message, form.MessageOld); title != "" && message != "" {
		title += "\n\n" + message
	}
	_, err = c.repo.Merge(c.doer, i.Number, method, form.Head, title)
	switch {
	case errors.Is(err, ErrConflict):
		return c.refuse(http.StatusConflict, "head out of date")
	case err != nil:
		return c.failed(err)
	}
	return reply{status: http.StatusOK}
}

// mergeable is nil for a pull request that can be merged.
func (c *giteaCall) mergeable(i Issue) *reply {
	refuse := func(text string) *reply {
		a := c.refuse(http.StatusMethodNotAllowed, "%s", text)
		return &a
	}
	rules := c.repo.ProtectionOf(i.Pull.Base)
	clean, known, err := c.repo.Mergeable(i.Number)
	switch {
	case !i.Pull.Merged.IsZero():
		return refuse("")
	case err != nil || !i.Open:
		a := c.notFound()
		return &a
	case c.repo.Permission(c.doer) < Write:
		return refuse("User not allowed to merge PR")
	case i.Pull.Draft:
		return refuse("Work in progress PRs cannot be merged")
	case !known || !clean:
		return refuse("Please try again later")
	case !c.passed(i.Pull.HeadSHA, rules.Contexts):
		return refuse("Not all required status checks successful")
	case len(approvers(i.Pull.Reviews)) < rules.Reviews:
		return refuse("Does not have enough approvals")
	case rules.Rejected && c.rejected(i):
		return refuse("There are requested changes")
	case rules.Asked && len(i.Pull.Asked) > 0:
		return refuse("There are official review requests")
	}
	return nil
}

// rejected reports whether the last word of somebody who may write is that it must be changed.
func (c *giteaCall) rejected(i Issue) bool {
	last := map[string]string{}
	for _, v := range i.Pull.Reviews {
		if v.State != "COMMENTED" && c.repo.Permission(v.By) >= Write {
			last[v.By] = v.State
		}
	}
	return slices.Contains(slices.Collect(maps.Values(last)), "CHANGES_REQUESTED")
}

func (c *giteaCall) passed(commit string, contexts []string) bool {
	states := map[string]string{}
	for _, s := range c.repo.Statuses(commit) {
		states[s.Context] = s.State
	}
	for _, name := range contexts {
		if states[name] != "success" {
			return false
		}
	}
	return true
}
