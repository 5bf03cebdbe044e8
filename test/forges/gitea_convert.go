package forges

import (
	"fmt"
	"strings"
	"time"
)

// user shows an account; one that is not there any more is Gitea's ghost.
func (c *giteaCall) user(login string) *giteaUser {
	u, ok := c.w.User(login)
	if !ok {
		return &giteaUser{ID: -1, Login: "Ghost"}
	}
	return &giteaUser{
		ID: u.ID, Login: u.Login, HTMLURL: c.web + "/" + u.Login, AvatarURL: c.web + "/avatars/" + strings.ToLower(u.Login),
		Email: strings.ToLower(u.Login) + "@noreply.localhost", Created: u.Created, Active: true,
	}
}

// repository shows a repository as the one who asks may see it.
func (c *giteaCall) repository(r *Repo) *giteaRepository {
	i := r.Info()
	p := r.Permission(c.doer)
	home := c.web + "/" + i.Path()
	return &giteaRepository{
		ID: i.ID, Owner: c.user(i.Owner), Name: i.Name, FullName: i.Path(), Empty: i.Empty, Private: i.Private, Fork: i.Fork,
		Archived: i.Archived, HTMLURL: home, URL: c.web + "/api/v1/repos/" + i.Path(), CloneURL: home + ".git",
		SSHURL: "git@localhost:" + i.Path() + ".git", DefaultBranch: i.Branch, CreatedAt: i.Created, UpdatedAt: i.Pushed,
		Permissions: giteaPermission{Admin: p >= Admin, Push: p >= Write, Pull: p >= Read},
		HasIssues:   true, HasPullRequests: true, HasCode: true, AllowMerge: true, AllowRebase: true, AllowSquash: true,
		ObjectFormatName: "sha1",
	}
}

func (c *giteaCall) labels(names []string) []giteaLabel {
	list := []giteaLabel{}
	for _, l := range c.repo.Labels() {
		for _, name := range names {
			if l.Name == name {
				list = append(list, c.label(l))
			}
		}
	}
	return list
}

func (c *giteaCall) label(l Label) giteaLabel {
	return giteaLabel{
		ID: l.ID, Name: l.Name, Color: strings.TrimPrefix(l.Color, "#"), Description: l.Description,
		URL: fmt.Sprintf("%s/api/v1/repos/%s/labels/%d", c.web, c.repo.Info().Path(), l.ID),
	}
}

// issue shows an issue, or a pull request as one.
func (c *giteaCall) issue(i Issue) giteaIssue {
	info := c.repo.Info()
	shown := giteaIssue{
		ID: i.ID, Number: int64(i.Number), User: c.user(i.Author), Title: i.Title, Body: i.Body, Labels: c.labels(i.Labels),
		URL: fmt.Sprintf("%s/api/v1/repos/%s/issues/%d", c.web, info.Path(), i.Number), HTMLURL: c.home(i),
		State: giteaState(i.Open), Comments: i.Comments, CreatedAt: i.Created, UpdatedAt: i.Updated, ClosedAt: pointer(i.Closed),
		Repository: giteaRepositoryMeta{ID: info.ID, Name: info.Name, Owner: info.Owner, FullName: info.Path()},
	}
	if i.Pull != nil {
		shown.PullRequest = &giteaPullMeta{
			Merged: !i.Pull.Merged.IsZero(), MergedAt: pointer(i.Pull.Merged), Draft: i.Pull.Draft, HTMLURL: c.home(i),
		}
	}
	return shown
}

// home is the page of an issue or pull request.
func (c *giteaCall) home(i Issue) string {
	kind := "issues"
	if i.Pull != nil {
		kind = "pulls"
	}
	return fmt.Sprintf("%s/%s/%s/%d", c.web, c.repo.Info().Path(), kind, i.Number)
}

func (c *giteaCall) comment(m Comment) giteaComment {
	shown := giteaComment{
		ID: m.ID, User: c.user(m.Author), Body: m.Body, Assets: []struct{}{}, CreatedAt: m.Created, UpdatedAt: m.Updated,
	}
	i, err := c.repo.Issue(m.Number)
	if err != nil {
		return shown
	}
	home := c.home(i)
	shown.HTMLURL = fmt.Sprintf("%s#issuecomment-%d", home, m.ID)
	if i.Pull != nil {
		shown.PullRequestURL = home
	} else {
		shown.IssueURL = home
	}
	return shown
}

func giteaState(open bool) string {
	if open {
		return "open"
	}
	return "closed"
}

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
