package forges

import (
	"fmt"
	"net/http"
	"slices"
)

// giteaStates are the states of a status, the worst first.
var giteaStates = []string{"error", "failure", "warning", "pending", "success", "skipped"}

// commit is what the path names: a branch, or a commit.
func (c *giteaCall) commit() string {
	if head := c.repo.Head(c.PathValue("ref")); head != "" {
		return head
	}
	return c.PathValue("ref")
}

func (c *giteaCall) status(s Status) giteaStatus {
	return giteaStatus{
		ID: s.ID, Status: s.State, TargetURL: s.URL, Description: s.Description, Context: s.Context, Creator: c.user(s.By),
		URL:       fmt.Sprintf("%s/api/v1/repos/%s/statuses/%s", c.web, c.repo.Info().Path(), s.Commit),
		CreatedAt: s.Created, UpdatedAt: s.Created,
	}
}

// giteaListStatuses shows every status that was ever set, not only the last of each context.
func giteaListStatuses(c *giteaCall) reply {
	state, list := c.URL.Query().Get("state"), []giteaStatus{}
	for _, s := range c.repo.AllStatuses(c.commit()) {
		if state == "" || state == s.State {
			list = append(list, c.status(s))
		}
	}
	return giteaList(c, list, true)
}

// giteaCombined is of the last status of each context, as many of them as a page has. Where there is none nothing is counted.
func giteaCombined(c *giteaCall) reply {
	part, header := giteaPage(c, c.repo.Statuses(c.commit()), false)
	path := c.repo.Info().Path()
	shown := giteaCombinedStatus{}
	for _, s := range part {
		shown.Statuses = append(shown.Statuses, c.status(s))
		if shown.State == "" || slices.Index(giteaStates, s.State) < slices.Index(giteaStates, shown.State) {
			shown.State = s.State
		}
	}
	if len(shown.Statuses) > 0 {
		shown.SHA, shown.TotalCount, shown.Repository = c.commit(), len(shown.Statuses), c.repository(c.repo)
		shown.CommitURL = fmt.Sprintf("%s/api/v1/repos/%s/commits/%s", c.web, path, shown.SHA)
		shown.URL = shown.CommitURL + "/status"
	}
	if len(shown.Statuses) == 0 {
		return ok(shown)
	}
	return reply{status: http.StatusOK, body: shown, header: header}
}

func giteaSetStatus(c *giteaCall) reply {
	var form struct {
		State       string `json:"state"`
		TargetURL   string `json:"target_url"`
		Description string `json:"description"`
		Context     string `json:"context"`
	}
	if err := c.decode(&form); err != nil || !slices.Contains(giteaStates, form.State) {
		return c.refuse(http.StatusBadRequest, "%q is not a state of a status", form.State)
	}
	if form.Context == "" {
		form.Context = "default"
	}
	s, err := c.repo.SetStatus(c.doer, Status{
		Commit: c.PathValue("ref"), Context: form.Context, State: form.State, Description: form.Description, URL: form.TargetURL,
	})
	if err != nil {
		return c.refuse(http.StatusNotFound, "object does not exist [id: %s, rel_path: ]", c.PathValue("ref"))
	}
	return created(c.status(s))
}
