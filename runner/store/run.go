package store

import (
	"fmt"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type runRow struct {
	bun.BaseModel  `bun:"table:runs"`
	ID             int64                     `bun:"id,pk,autoincrement"`
	Repository     text                      `bun:"repository"`
	Workspace      text                      `bun:"workspace"`
	Purpose        text                      `bun:"purpose"`
	Status         text                      `bun:"status"`
	PullID         int64                     `bun:"pull_id"`
	Commit         text                      `bun:"commit_id"`
	Tree           text                      `bun:"tree"`
	Base           text                      `bun:"base"`
	InputDigest    text                      `bun:"input_digest"`
	Trigger        text                      `bun:"triggered_by"`
	Approves       int64                     `bun:"approves"`
	Actor          text                      `bun:"actor"`
	Reason         text                      `bun:"reason"`
	Engine         text                      `bun:"engine"`
	Summary        nested[planner.Summary]   `bun:"summary"`
	PlanDigest     text                      `bun:"plan_digest"`
	Verdict        nested[*policy.Verdict]   `bun:"verdict"`
	PolicyRevision text                      `bun:"policy_revision"`
	Unreviewed     nested[[]string]          `bun:"unreviewed"`
	Reviewers      nested[[]string]          `bun:"reviewers"`
	Attempt        int                       `bun:"attempt"`
	Stale          int                       `bun:"stale"`
	Owner          text                      `bun:"owner"`
	CreatedAt      int64                     `bun:"created_at"`
	StartedAt      int64                     `bun:"started_at"`
	PlannedAt      int64                     `bun:"planned_at"`
	AppliedAt      int64                     `bun:"applied_at"`
	FinishedAt     int64                     `bun:"finished_at"`
	NotBefore      int64                     `bun:"not_before"`
	Labels         nested[map[string]string] `bun:"labels"`
}

func newRunRow(r runner.Run) runRow {
	return runRow{
		ID: r.ID, Repository: text(r.Repository), Workspace: text(r.Workspace), Purpose: text(r.Purpose), Status: text(r.Status),
		PullID: r.PullID, Commit: text(r.Commit), Tree: text(r.Tree), Base: text(r.Base), InputDigest: text(r.InputDigest),
		Trigger: text(r.Trigger), Approves: r.Approves, Actor: text(r.Actor), Reason: text(r.Reason), Engine: text(r.Engine),
		Summary: nested[planner.Summary]{r.Summary}, PlanDigest: text(r.PlanDigest), Verdict: nested[*policy.Verdict]{r.Verdict},
		PolicyRevision: text(r.PolicyRevision), Unreviewed: nested[[]string]{r.Unreviewed}, Reviewers: nested[[]string]{r.Reviewers},
		Attempt: r.Attempt, Stale: r.Stale, Owner: text(r.Owner), CreatedAt: micros(r.CreatedAt), NotBefore: micros(r.NotBefore),
		StartedAt: micros(r.StartedAt), PlannedAt: micros(r.PlannedAt), AppliedAt: micros(r.AppliedAt), FinishedAt: micros(r.FinishedAt),
		Labels: nested[map[string]string]{r.Labels},
	}
}

func (r runRow) record() runner.Run {
	return runner.Run{
		ID: r.ID, Repository: string(r.Repository), Workspace: workspaces.ID(r.Workspace), Purpose: runner.Purpose(r.Purpose),
		Status: runner.Status(r.Status), PullID: r.PullID, Commit: string(r.Commit), Tree: string(r.Tree), Base: string(r.Base),
		InputDigest: string(r.InputDigest), Trigger: string(r.Trigger), Approves: r.Approves, Actor: string(r.Actor), Reason: string(r.Reason),
		Engine: string(r.Engine), Summary: r.Summary.value, PlanDigest: string(r.PlanDigest), Verdict: r.Verdict.value,
		PolicyRevision: string(r.PolicyRevision), Unreviewed: r.Unreviewed.value, Reviewers: r.Reviewers.value, Attempt: r.Attempt,
		Stale: r.Stale, Owner: string(r.Owner), CreatedAt: moment(r.CreatedAt), StartedAt: moment(r.StartedAt), NotBefore: moment(r.NotBefore),
		PlannedAt: moment(r.PlannedAt), AppliedAt: moment(r.AppliedAt), FinishedAt: moment(r.FinishedAt),
		Labels: r.Labels.value,
	}
}

// Run implements runner.Tx.
func (t *tx) Run(id int64) (runner.Run, error) {
	var row runRow
	err := t.bun.NewSelect().Model(&row).Where("id = ?", id).Scan(t.ctx)
	return row.record(), one("run", id, err)
}

// InsertRun implements runner.Tx.
func (t *tx) InsertRun(r *runner.Run) error {
	row := newRunRow(*r)
	row.ID = 0
	if err := t.free(row); err != nil {
		return fmt.Errorf("insert run of %s: %w", r.Workspace, err)
	}
	if _, err := t.bun.NewInsert().Model(&row).Returning("id").Exec(t.ctx); err != nil {
		return one("insert run of", r.Workspace, err)
	}
	r.ID = row.ID
	return nil
}

// UpdateRun implements runner.Tx.
func (t *tx) UpdateRun(r runner.Run, from runner.Status) error {
	if from != r.Status && !runner.MayFollow(from, r.Status) {
		return fmt.Errorf("update run %d: a run that is %s cannot become %s", r.ID, from, r.Status)
	}
	row, was := newRunRow(r), newRunRow(r)
	was.Status = text(from)
	if !was.holds() {
		if err := t.free(row); err != nil {
			return fmt.Errorf("update run %d: %w", r.ID, err)
		}
	}
	attempts := []int{r.Attempt}
	if from == runner.Queued {
		attempts = append(attempts, r.Attempt-1)
	}
	result, err := t.bun.NewUpdate().Model(&row).WherePK().Where("status = ?", text(from)).Where("attempt IN (?)", bun.List(attempts)).Exec(t.ctx)
	if err = affected("update run", r.ID, result, err); isNotFound(err) {
		return t.conflict(r, from)
	}
	return err
}

// conflict says why a run could not be updated.
func (t *tx) conflict(r runner.Run, from runner.Status) error {
	is, err := t.Run(r.ID)
	switch {
	case err != nil:
		return fmt.Errorf("update %w", err)
	case is.Status != from:
		return fmt.Errorf("update run %d: it is %s, not %s: %w", r.ID, is.Status, from, runner.ErrConflict)
	}
	return fmt.Errorf("update run %d: it was taken up %d times by now, not %d: %w", r.ID, is.Attempt, r.Attempt, runner.ErrConflict)
}

// free reports ErrConflict when the run would hold a workspace that another run holds. The index runs_active is the rule;
// it is asked first because a unique rule that fires ends the transaction on some databases.
func (t *tx) free(r runRow) error {
	if !r.holds() {
		return nil
	}
	var holder runRow
	err := t.bun.NewSelect().Model(&holder).Column("id", "status").
		Where("workspace = ? AND purpose <> 'plan' AND status IN ('planning', 'planned', 'ready', 'applying') AND id <> ?", r.Workspace, r.ID).
		Limit(1).Scan(t.ctx)
	if err == nil {
		return fmt.Errorf("run %d of the workspace is %s: %w", holder.ID, holder.Status, runner.ErrConflict)
	}
	if err = one("run of", r.Workspace, err); isNotFound(err) {
		return nil
	}
	return err
}

// holds reports whether the run keeps others off its workspace.
func (r runRow) holds() bool {
	status := runner.Status(r.Status)
	return runner.Purpose(r.Purpose) != runner.PurposePlan && (status.Active() || status == runner.Ready)
}
