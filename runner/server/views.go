package server

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner"
)

// RepositoryView is a repository as the API shows it.
type RepositoryView struct {
	Name     string    `json:"name"`
	URL      string    `json:"url"`
	Branch   string    `json:"branch"`
	Head     string    `json:"head"`
	Diverged string    `json:"diverged,omitempty"`
	Error    string    `json:"error,omitempty"`
	PolledAt time.Time `json:"polled_at,omitzero"`
}

// WorkspaceView is a workspace as the API shows it.
type WorkspaceView struct {
	ID            string            `json:"id"`
	Repository    string            `json:"repository"`
	Sync          string            `json:"sync"`
	Reason        string            `json:"reason,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
	Owner         string            `json:"owner,omitempty"`
	AppliedCommit string            `json:"applied_commit,omitempty"`
	AppliedAt     time.Time         `json:"applied_at,omitzero"`
	AppliedRun    int64             `json:"applied_run,omitempty"`
	CheckedAt     time.Time         `json:"checked_at,omitzero"`
	DriftSince    time.Time         `json:"drift_since,omitzero"`
	Drift         json.RawMessage   `json:"drift,omitempty"` // changes, as in a plan
	Orphan        bool              `json:"orphan,omitempty"`
}

// RunView is a run as the API shows it.
type RunView struct {
	ID          int64           `json:"id"`
	Repository  string          `json:"repository"`
	Workspace   string          `json:"workspace"`
	Purpose     string          `json:"purpose"`
	Status      string          `json:"status"`
	Reason      string          `json:"reason,omitempty"`
	Trigger     string          `json:"trigger"`
	Actor       string          `json:"actor,omitempty"`
	PullRequest string          `json:"pull_request,omitempty"`
	Commit      string          `json:"commit"`
	InputDigest string          `json:"input_digest"`
	PlanDigest  string          `json:"plan_digest,omitempty"`
	Engine      string          `json:"engine,omitempty"`
	Summary     planner.Summary `json:"summary"`
	Verdict     *policy.Verdict `json:"verdict,omitempty"`
	Unreviewed  []string        `json:"unreviewed,omitempty"`
	Reviewers   []string        `json:"reviewed_in,omitempty"` // pull requests
	Approves    int64           `json:"approves,omitempty"`
	CreatedAt   time.Time       `json:"created_at"`
	PlannedAt   time.Time       `json:"planned_at,omitzero"`
	AppliedAt   time.Time       `json:"apply_started_at,omitzero"`
	FinishedAt  time.Time       `json:"finished_at,omitzero"`
}

// OddState reports whether the run is held because its state is not the one that was seen before: such a run is approved
// by name, never along with others.
func (v RunView) OddState() bool {
	return slices.ContainsFunc(v.Unreviewed, func(line string) bool { return strings.HasPrefix(line, runner.StateMark) })
}

// PullView is a pull request as the API shows it.
type PullView struct {
	ID           int64     `json:"id"`
	Repository   string    `json:"repository"`
	Key          string    `json:"key"`
	Title        string    `json:"title"`
	Author       string    `json:"author"`
	Head         string    `json:"head"`
	State        string    `json:"state"`
	MergedCommit string    `json:"merged_commit,omitempty"`
	Affected     []string  `json:"affected"`
	Orphans      []string  `json:"orphans,omitempty"`
	Error        string    `json:"error,omitempty"`
	UpdatedAt    time.Time `json:"updated_at"`
	Report       []string  `json:"report,omitempty"` // pages of Markdown; only of one pull request
}

// EventView is one line of the history.
type EventView struct {
	ID         int64     `json:"id"`
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`
	Actor      string    `json:"actor,omitempty"`
	Repository string    `json:"repository,omitempty"`
	Workspace  string    `json:"workspace,omitempty"`
	Run        int64     `json:"run,omitempty"`
	Commit     string    `json:"commit,omitempty"`
	Message    string    `json:"message,omitempty"`
}

func repositoryView(r runner.Repository) RepositoryView {
	return RepositoryView{Name: r.Name, URL: r.URL, Branch: r.Branch, Head: r.Head, Diverged: r.Diverged, Error: r.Error, PolledAt: r.PolledAt}
}

func workspaceView(w runner.Workspace) WorkspaceView {
	return WorkspaceView{
		ID: string(w.ID), Repository: w.Repository, Sync: string(w.Sync), Reason: w.Reason, Labels: w.Labels, Owner: w.Owner,
		AppliedCommit: w.AppliedCommit, AppliedAt: w.AppliedAt, AppliedRun: w.AppliedRun, CheckedAt: w.CheckedAt,
		DriftSince: w.DriftSince, Drift: w.Drift, Orphan: w.Orphan,
	}
}

func runView(tx runner.Tx, r runner.Run) RunView {
	v := RunView{
		ID: r.ID, Repository: r.Repository, Workspace: string(r.Workspace), Purpose: string(r.Purpose), Status: string(r.Status),
		Reason: r.Reason, Trigger: r.Trigger, Actor: r.Actor, Commit: r.Commit, InputDigest: r.InputDigest, PlanDigest: r.PlanDigest,
		Engine: r.Engine, Summary: r.Summary, Verdict: r.Verdict, Unreviewed: r.Unreviewed, Reviewers: r.Reviewers, Approves: r.Approves,
		CreatedAt: r.CreatedAt, PlannedAt: r.PlannedAt, AppliedAt: r.AppliedAt, FinishedAt: r.FinishedAt,
	}
	if r.PullID != 0 {
		if p, err := tx.Pull(r.PullID); err == nil {
			v.PullRequest = p.Key
		}
	}
	return v
}

func pullView(p runner.Pull) PullView {
	v := PullView{
		ID: p.ID, Repository: p.Repository, Key: p.Key, Title: p.Title, Author: p.Author, Head: p.Head, State: string(p.State),
		MergedCommit: p.MergedCommit, Affected: []string{}, Error: p.Error, UpdatedAt: p.UpdatedAt,
	}
	for _, id := range p.Affected {
		v.Affected = append(v.Affected, string(id))
	}
	for _, id := range p.Orphans {
		v.Orphans = append(v.Orphans, string(id))
	}
	return v
}

func eventView(e runner.Event) EventView {
	return EventView{
		ID: e.ID, At: e.At, Kind: e.Kind, Actor: e.Actor, Repository: e.Repository, Workspace: string(e.Workspace), Run: e.RunID,
		Commit: e.Commit, Message: e.Message,
	}
}
