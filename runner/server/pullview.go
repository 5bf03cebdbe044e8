package server

import (
	"time"

	"github.com/driftlessops/driftless/runner"
)

// PullView is a pull request as the API shows it.
type PullView struct {
	ID           int64     `json:"id"`
	Repository   string    `json:"repository"`
	Key          string    `json:"key"`
	Title        string    `json:"title"`
	Author       string    `json:"author"`
	URL          string    `json:"url,omitempty"`
	Head         string    `json:"head"`
	Target       string    `json:"target,omitempty"` // branch, when it is not the tracked one
	State        string    `json:"state"`
	Fork         bool      `json:"fork,omitempty"`
	Draft        bool      `json:"draft,omitempty"`
	Aside        string    `json:"left_alone,omitempty"` // why
	TrustedHead  string    `json:"trusted_head,omitempty"`
	TrustedBy    string    `json:"trusted_by,omitempty"`
	MergedCommit string    `json:"merged_commit,omitempty"`
	MergedBy     string    `json:"merged_by,omitempty"`
	ReviewedBy   []string  `json:"reviewed_by,omitempty"`
	Affected     []string  `json:"affected"`
	Orphans      []string  `json:"orphans,omitempty"`
	Before       []string  `json:"before_merge,omitempty"` // of what is affected: what is applied before the merge
	Error        string    `json:"error,omitempty"`
	UpdatedAt    time.Time `json:"updated_at"`
	Report       []string  `json:"report,omitempty"` // pages of Markdown; only of one pull request
}

func pullView(p runner.Pull) PullView {
	v := PullView{
		ID: p.ID, Repository: p.Repository, Key: p.Key, Title: p.Title, Author: p.Author, URL: p.URL, Head: p.Head, Target: p.Target,
		State: string(p.State), Fork: p.Fork, Draft: p.Draft, Aside: p.Aside, TrustedHead: p.Trusted, TrustedBy: p.TrustedBy,
		MergedCommit: p.MergedCommit, MergedBy: p.MergedBy, ReviewedBy: p.ReviewedBy, Affected: []string{}, Error: p.Error, UpdatedAt: p.UpdatedAt,
	}
	for _, id := range p.Affected {
		v.Affected = append(v.Affected, string(id))
	}
	for _, id := range p.Before {
		v.Before = append(v.Before, string(id))
	}
	for _, id := range p.Orphans {
		v.Orphans = append(v.Orphans, string(id))
	}
	return v
}

// pullsOf are the pull requests of a run: the one that it plans, or those whose merge it applies.
func pullsOf(tx runner.Tx, r runner.Run) ([]PullView, error) {
	all, err := runner.PullsOf(tx, r)
	return views(all, pullView), err
}
