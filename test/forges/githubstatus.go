package forges

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// getCommits serves what is below a ref, which may have slashes.
func (c *call) getCommits() reply {
	at := strings.LastIndex(c.PathValue("rest"), "/")
	if at < 0 {
		return refuse(http.StatusNotFound, "Not Found")
	}
	ref, what := c.PathValue("rest")[:at], c.PathValue("rest")[at+1:]
	commit, err := c.repo.Git("rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	permission, h := "", map[string]func(string) reply{
		"status": c.combinedStatus, "statuses": c.listStatuses, "check-runs": c.listChecks, "pulls": c.listPullsOf,
	}[what]
	switch what {
	case "status", "statuses":
		permission = "statuses"
	case "check-runs":
		permission = "checks"
	case "pulls":
		permission = "pull_requests"
	}
	switch refused := c.may(read(permission)); {
	case h == nil:
		return refuse(http.StatusNotFound, "Not Found")
	case refused != nil:
		return *refused
	case err != nil:
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
	}
	return h(commit)
}

func (c *call) statusJSON(s Status) object {
	return object{
		"id": s.ID, "node_id": nodeID("Status", s.ID), "url": c.api + "/repos/" + c.repo.Info().Path() + "/statuses/" + s.Commit, "avatar_url": nil,
		"state": s.State, "context": s.Context, "description": filled(s.Description), "target_url": filled(s.URL),
		"created_at": stamp(s.Created), "updated_at": stamp(s.Created),
	}
}

func (c *call) creatorJSON(s Status) any {
	o := c.statusJSON(s)
	o["creator"] = c.userJSON(s.By)
	return o
}

func (c *call) listStatuses(commit string) reply {
	return listed(c, c.repo.AllStatuses(commit), c.creatorJSON)
}

func (c *call) combinedStatus(commit string) reply {
	all := c.repo.Statuses(commit)
	part, links := page(c, all, "per_page", 30, 100)
	list, state := []any{}, "success"
	for _, s := range part {
		list = append(list, c.statusJSON(s))
	}
	switch is := func(states ...string) bool {
		return slices.ContainsFunc(all, func(s Status) bool { return slices.Contains(states, s.State) })
	}; {
	case is("failure", "error"):
		state = "failure"
	case is("pending"), len(all) == 0:
		state = "pending"
	}
	url := c.api + "/repos/" + c.repo.Info().Path() + "/commits/" + commit
	return reply{status: http.StatusOK, header: links, body: object{"state": state, "sha": commit, "total_count": len(all), "statuses": list,
		"repository": c.repoJSON(c.repo), "commit_url": url, "url": url + "/status"}}
}

func (c *call) listPullsOf(commit string) reply {
	return listed(c, c.repo.PullsWith(commit), func(i Issue) any { return c.pullJSON(c.repo, i) })
}

func (c *call) addStatus() reply {
	var in struct {
		State, Context, Description string
		URL                         string `json:"target_url"`
	}
	switch err := c.decode(&in); {
	case err != nil:
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	case utf8.RuneCountInString(in.Description) > 140:
		return invalid("Status", "description", "is too long (maximum is 140 characters)")
	case !slices.Contains([]string{"pending", "success", "failure", "error"}, in.State):
		return invalid("Status", "state", "is not included in the list")
	}
	s, err := c.repo.SetStatus(c.token.Login, Status{Commit: c.PathValue("sha"), Context: cmp.Or(in.Context, "default"), State: in.State, Description: in.Description, URL: in.URL})
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.PathValue("sha"))
	}
	return created(c.creatorJSON(s))
}

func (c *call) checkJSON(k Check) object {
	url := c.api + "/repos/" + c.repo.Info().Path() + "/check-runs/" + strconv.FormatInt(k.ID, 10)
	return object{
		"id": k.ID, "node_id": nodeID("CheckRun", k.ID), "head_sha": k.Commit, "name": k.Name, "url": url, "details_url": cmp.Or(k.URL, c.web),
		"html_url": c.web + "/" + c.repo.Info().Path() + "/runs/" + strconv.FormatInt(k.ID, 10), "status": k.Status, "conclusion": filled(k.Conclusion),
		"started_at": stamp(k.Started), "completed_at": stamp(k.Completed), "external_id": k.ExternalID, "check_suite": object{"id": 1},
		"pull_requests": []any{}, "app": c.appJSON(k.App), "output": object{"title": filled(k.Title), "summary": filled(k.Summary), "text": nil,
			"annotations_count": len(k.Annotations), "annotations_url": url + "/annotations"},
	}
}

func (c *call) listChecks(commit string) reply {
	seen, name := map[string]bool{}, c.query("check_name", "")
	asked, _ := strconv.ParseInt(c.query("app_id", "0"), 10, 64)
	list := slices.DeleteFunc(c.repo.Checks(commit), func(k Check) bool {
		old := seen[k.App+"/"+k.Name] && c.query("filter", "latest") == "latest"
		seen[k.App+"/"+k.Name] = true
		app, _ := c.w.App(asked)
		return old || name != "" && name != k.Name || asked != 0 && app.Slug != k.App
	})
	part, links := page(c, list, "per_page", 30, 100)
	runs := []any{}
	for _, k := range part {
		runs = append(runs, c.checkJSON(k))
	}
	return reply{status: http.StatusOK, header: links, body: object{"total_count": len(list), "check_runs": runs}}
}

func (c *call) getCheck() reply {
	k, err := c.repo.Check(c.number("id"))
	if err != nil {
		return refuse(http.StatusNotFound, "Not Found")
	}
	return ok(c.checkJSON(k))
}

// putCheck makes a check run, or changes the one of the path: what is not in the body stays, annotations are added.
func (c *call) putCheck() reply {
	var in struct {
		Name       *string
		SHA        *string    `json:"head_sha"`
		URL        *string    `json:"details_url"`
		ExternalID *string    `json:"external_id"`
		Status     *string    `json:"status"`
		Conclusion *string    `json:"conclusion"`
		Started    *time.Time `json:"started_at"`
		Completed  *time.Time `json:"completed_at"`
		Output     struct {
			Title, Summary *string
			Annotations    []Annotation
		}
	}
	k, status := Check{Status: "queued"}, http.StatusCreated
	if id := c.number("id"); id != 0 {
		var err error
		if k, err = c.repo.Check(id); err != nil {
			return refuse(http.StatusNotFound, "Not Found")
		}
		status = http.StatusOK
	}
	app, isApp := c.w.App(c.token.App)
	switch err := c.decode(&in); {
	case !isApp:
		return refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	case k.App != "" && k.App != app.Slug:
		return refuse(http.StatusForbidden, "Invalid app_id `"+strconv.FormatInt(app.ID, 10)+"` - check run can only be modified by the GitHub App that created it.")
	case err != nil:
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	case len(in.Output.Annotations) > 50:
		return invalid("CheckRun", "annotations", "are more than 50")
	case in.Output.Summary != nil && len(*in.Output.Summary) > 65535:
		return invalid("CheckRun", "summary", "is too long (maximum is 65535 characters)")
	}
	set(&k.Name, in.Name)
	set(&k.Commit, in.SHA)
	set(&k.URL, in.URL)
	set(&k.ExternalID, in.ExternalID)
	set(&k.Status, in.Status)
	set(&k.Title, in.Output.Title)
	set(&k.Summary, in.Output.Summary)
	set(&k.Started, in.Started)
	if set(&k.Conclusion, in.Conclusion); in.Conclusion != nil {
		k.Status, k.Completed = "completed", time.Time{}
	} else if k.Status != "completed" {
		k.Conclusion, k.Completed = "", time.Time{}
	}
	set(&k.Completed, in.Completed)
	k.App, k.Annotations = app.Slug, append(slices.Clip(k.Annotations), in.Output.Annotations...)
	k, err := c.repo.PutCheck(k)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+k.Commit)
	}
	return reply{status: status, body: c.checkJSON(k)}
}

// set assigns what is there.
func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}
