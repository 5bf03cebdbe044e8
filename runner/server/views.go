package server

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

// WorkspaceView is a workspace as the API shows it.
type WorkspaceView struct {
	ID            string                `json:"id"`
	Repository    string                `json:"repository"`
	Sync          string                `json:"sync"`
	Reason        string                `json:"reason,omitempty"`
	Labels        map[string]string     `json:"labels,omitempty"`
	Owner         string                `json:"owner,omitempty"`
	AppliedCommit string                `json:"applied_commit,omitempty"`
	AppliedAt     time.Time             `json:"applied_at,omitzero"`
	AppliedRun    int64                 `json:"applied_run,omitempty"`
	CheckedAt     time.Time             `json:"checked_at,omitzero"`
	DriftSince    time.Time             `json:"drift_since,omitzero"`
	Drift         json.RawMessage       `json:"drift,omitempty"` // changes, as in a plan
	Health        string                `json:"health"`
	HealthAt      time.Time             `json:"health_at,omitzero"` // when its checks were evaluated last
	FailedChecks  []planner.FailedCheck `json:"failed_checks,omitempty"`
	Orphan        bool                  `json:"orphan,omitempty"`
	ReservedBy    string                `json:"reserved_by,omitempty"` // the pull request that was applied before its merge
	Backend       string                `json:"backend,omitempty"`     // that keeps its state; absent = driftless does
	Lock          *runner.Lock          `json:"lock,omitempty"`        // of its state, as far as it is known
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
	PullURL     string          `json:"pull_request_url,omitempty"`
	Commit      string          `json:"commit"`
	InputDigest string          `json:"input_digest"`
	PlanDigest  string          `json:"plan_digest,omitempty"`
	Engine      string          `json:"engine,omitempty"`
	Summary     planner.Summary `json:"summary"`
	Verdict     *policy.Verdict `json:"verdict,omitempty"`
	Unreviewed  []string        `json:"unreviewed,omitempty"`
	Reviewers   []string        `json:"reviewed_in,omitempty"`   // pull requests
	Pulls       []PullView      `json:"pull_requests,omitempty"` // what it plans or applies; only of one run
	Approves    int64           `json:"approves,omitempty"`
	Late        string          `json:"late_result,omitempty"` // how it ended after a person had decided; only of one run
	Left        *runner.Rescued `json:"left_behind,omitempty"` // a state; only of one run
	CreatedAt   time.Time       `json:"created_at"`
	PlannedAt   time.Time       `json:"planned_at,omitzero"`
	AppliedAt   time.Time       `json:"apply_started_at,omitzero"`
	FinishedAt  time.Time       `json:"finished_at,omitzero"`
	NotBefore   time.Time       `json:"not_before,omitzero"` // queued: put off until then
}

// OddState reports whether the run is held because its state is not the one that was seen before: such a run is approved
// by name, never along with others.
func (v RunView) OddState() bool {
	return slices.ContainsFunc(v.Unreviewed, func(line string) bool { return strings.HasPrefix(line, runner.StateMark) })
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

// heldLocks are the locks of the states that driftless keeps.
func heldLocks(tx runner.Tx) (map[workspaces.ID]runner.StateLock, error) {
	all, err := tx.StateLocks()
	locks := map[workspaces.ID]runner.StateLock{}
	for _, l := range all {
		locks[l.Workspace] = l
	}
	return locks, err
}

func workspaceView(tx runner.Tx, w runner.Workspace, locks map[workspaces.ID]runner.StateLock) WorkspaceView {
	v := WorkspaceView{
		ID: string(w.ID), Repository: w.Repository, Sync: string(w.Sync), Reason: w.Reason, Labels: w.Labels, Owner: w.Owner,
		AppliedCommit: runner.ShownApplied(tx, w), AppliedAt: w.AppliedAt, AppliedRun: w.AppliedRun, CheckedAt: w.CheckedAt,
		DriftSince: w.DriftSince, Drift: w.Drift, Orphan: w.Orphan, Backend: w.Backend,
		Health: string(w.Health), HealthAt: w.HealthAt, FailedChecks: w.Failing,
	}
	if kept, ok := locks[w.ID]; ok && w.Backend == "" {
		lock := runner.LockOf(tx, kept)
		v.Lock = &lock
	} else if w.Backend != "" && w.Sync == runner.SyncFailed {
		if lock, err := runner.HeldLock(tx, w); err == nil {
			v.Lock = &lock
		}
	}
	if w.Reserved != 0 {
		if p, err := tx.Pull(w.Reserved); err == nil {
			v.ReservedBy = p.Key
		}
	}
	return v
}

func runView(tx runner.Tx, r runner.Run) RunView {
	v := RunView{
		ID: r.ID, Repository: r.Repository, Workspace: string(r.Workspace), Purpose: string(r.Purpose), Status: string(r.Status),
		Reason: r.Reason, Trigger: r.Trigger, Actor: r.Actor, Commit: runner.ShownCommit(tx, r), InputDigest: r.InputDigest, PlanDigest: r.PlanDigest,
		Engine: r.Engine, Summary: r.Summary, Verdict: r.Verdict, Unreviewed: r.Unreviewed, Reviewers: r.Reviewers, Approves: r.Approves,
		CreatedAt: r.CreatedAt, PlannedAt: r.PlannedAt, AppliedAt: r.AppliedAt, FinishedAt: r.FinishedAt,
	}
	if r.Status == runner.Queued {
		v.NotBefore = r.NotBefore
	}
	if r.PullID != 0 {
		if p, err := tx.Pull(r.PullID); err == nil {
			v.PullRequest, v.PullURL = p.Key, p.URL
		}
	}
	return v
}

func eventView(e runner.Event) EventView {
	return EventView{
		ID: e.ID, At: e.At, Kind: e.Kind, Actor: e.Actor, Repository: e.Repository, Workspace: string(e.Workspace), Run: e.RunID,
		Commit: e.Commit, Message: e.Message,
	}
}
