package forges

import (
	"fmt"
	"slices"
	"time"
)

// Status is a commit status. The newest of a context counts.
type Status struct {
	ID          int64
	Commit      string
	Context     string
	State       string // pending, success, failure or error (and warning on Gitea)
	Description string
	URL         string
	By          string
	Created     time.Time
}

// Check is a check run.
type Check struct {
	ID          int64
	Commit      string
	Name        string
	App         string // slug of the App that made it
	Status      string // queued, in_progress or completed
	Conclusion  string // "" until it is completed
	Title       string
	Summary     string
	URL         string
	ExternalID  string
	Annotations []Annotation
	Started     time.Time
	Completed   time.Time
}

// Annotation is a remark of a check run on lines of a file.
type Annotation struct {
	Path    string `json:"path"`
	Start   int    `json:"start_line"`
	End     int    `json:"end_line"`
	Level   string `json:"annotation_level"`
	Title   string `json:"title"`
	Message string `json:"message"`
}

// Protection are the rules of a branch.
type Protection struct {
	Contexts []string // statuses or check runs that must be green on the head before a merge
	Reviews  int      // so many people must have approved
	Strict   bool     // its last commit must be in the pull request
	Bypass   string   // login of who can merge by the API in spite of all of this, as administrators can at GitHub
	Rejected bool     // Gitea: not while somebody who may write asks for changes
	Asked    bool     // Gitea: not while a review is asked for of somebody who may write
	Fresh    bool     // Gitea: only reviews of the head count
	Ruleset  bool     // GitHub shows the rules as those of a ruleset, which everybody may see
}

// SetStatus adds a commit status and returns it with its id and time.
func (r *Repo) SetStatus(by string, s Status) (Status, error) {
	defer r.w.lock()()
	if !r.has(s.Commit) {
		return Status{}, fmt.Errorf("status of %s in %s: a commit that is not there %w", s.Commit, r.path(), ErrInvalid)
	}
	s.ID, s.By, s.Created = r.w.id(), by, r.w.now()
	r.statuses = append(r.statuses, s)
	return s, nil
}

// AllStatuses returns every status that a commit was given, newest first.
func (r *Repo) AllStatuses(commit string) []Status {
	defer r.w.lock()()
	list := []Status{}
	for _, s := range slices.Backward(r.statuses) {
		if s.Commit == commit {
			list = append(list, s)
		}
	}
	return list
}

// Statuses returns the newest status of each context of a commit, newest first.
func (r *Repo) Statuses(commit string) []Status {
	defer r.w.lock()()
	return r.latest(commit)
}

func (r *Repo) latest(commit string) []Status {
	seen, list := map[string]bool{}, []Status{}
	for _, s := range slices.Backward(r.statuses) {
		if s.Commit == commit && !seen[s.Context] {
			seen[s.Context] = true
			list = append(list, s)
		}
	}
	return list
}

// PutCheck adds a check run, or replaces the one with its id.
func (r *Repo) PutCheck(c Check) (Check, error) {
	defer r.w.lock()()
	if !r.has(c.Commit) {
		return Check{}, fmt.Errorf("check run on %s in %s: a commit that is not there %w", c.Commit, r.path(), ErrInvalid)
	}
	if c.Started.IsZero() {
		c.Started = r.w.now()
	}
	if c.Status == "completed" && c.Completed.IsZero() {
		c.Completed = r.w.now()
	}
	if at := slices.IndexFunc(r.checks, func(old *Check) bool { return old.ID == c.ID }); at >= 0 {
		*r.checks[at] = c
		return c, nil
	}
	c.ID = r.w.id()
	r.checks = append(r.checks, &c)
	return c, nil
}

// Check returns a check run by its id.
func (r *Repo) Check(id int64) (Check, error) {
	defer r.w.lock()()
	for _, c := range r.checks {
		if c.ID == id {
			return *c, nil
		}
	}
	return Check{}, fmt.Errorf("check run %d in %s: %w", id, r.path(), ErrNotFound)
}

// Checks returns the check runs on a commit, newest first; those that a later one with the same App and name replaces last
// among theirs.
func (r *Repo) Checks(commit string) []Check {
	defer r.w.lock()()
	list := []Check{}
	for _, c := range slices.Backward(r.checks) {
		if c.Commit == commit {
			list = append(list, *c)
		}
	}
	return list
}

// Rerun asks for a check run again, as by the button.
func (r *Repo) Rerun(by string, id int64) error {
	c, err := r.Check(id)
	if err != nil {
		return err
	}
	defer r.w.lock()()
	r.w.happened(Event{Kind: "check_run", Action: "rerequested", Repo: r.path(), Check: id, Commit: c.Commit, By: by})
	return nil
}

// Protect gives a branch rules; empty ones take them away.
func (r *Repo) Protect(branch string, p Protection) {
	defer r.w.lock()()
	r.rules[branch] = p
}

// ProtectionOf returns the rules of a branch.
func (r *Repo) ProtectionOf(branch string) Protection {
	defer r.w.lock()()
	return r.rules[branch]
}

// green reports whether a context is on a commit and says yes.
func (r *Repo) green(commit, context string) bool {
	for _, s := range r.latest(commit) {
		if s.Context == context {
			return s.State == "success"
		}
	}
	for _, c := range slices.Backward(r.checks) {
		if c.Commit == commit && c.Name == context {
			return slices.Contains([]string{"success", "neutral", "skipped"}, c.Conclusion)
		}
	}
	return false
}
