package store

import (
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type workspaceRow struct {
	bun.BaseModel `bun:"table:workspaces"`
	ID            text                          `bun:"id,pk"`
	Repository    text                          `bun:"repository"`
	Sync          text                          `bun:"sync"`
	Reason        text                          `bun:"reason"`
	Labels        nested[map[string]string]     `bun:"labels"`
	Owner         text                          `bun:"owner"`
	DependsOn     nested[[]workspaces.ID]       `bun:"depends_on"`
	TargetDigest  text                          `bun:"target_digest"`
	TargetCommit  text                          `bun:"target_commit"`
	Base          text                          `bun:"base"`
	AppliedDigest text                          `bun:"applied_digest"`
	AppliedCommit text                          `bun:"applied_commit"`
	AppliedTree   text                          `bun:"applied_tree"`
	AppliedAt     int64                         `bun:"applied_at"`
	AppliedRun    int64                         `bun:"applied_run"`
	Prior         nested[planner.Prior]         `bun:"prior"`
	CheckedAt     int64                         `bun:"checked_at"`
	DriftSince    int64                         `bun:"drift_since"`
	Orphan        flag                          `bun:"orphan"`
	UpdatedAt     int64                         `bun:"updated_at"`
	Drift         text                          `bun:"drift"`
	Reserved      int64                         `bun:"reserved"`
	Backend       text                          `bun:"backend"`
	Health        text                          `bun:"health"`
	HealthAt      int64                         `bun:"health_at"`
	Failing       nested[[]planner.FailedCheck] `bun:"failing"`
}

func newWorkspaceRow(w runner.Workspace) workspaceRow {
	return workspaceRow{
		ID: text(w.ID), Repository: text(w.Repository), Sync: text(w.Sync), Reason: text(w.Reason), Labels: nested[map[string]string]{w.Labels},
		Owner: text(w.Owner), DependsOn: nested[[]workspaces.ID]{w.DependsOn}, TargetDigest: text(w.TargetDigest),
		TargetCommit: text(w.TargetCommit), Base: text(w.Base), AppliedDigest: text(w.AppliedDigest), AppliedCommit: text(w.AppliedCommit),
		AppliedTree: text(w.AppliedTree), AppliedAt: micros(w.AppliedAt), AppliedRun: w.AppliedRun, CheckedAt: micros(w.CheckedAt),
		Prior: nested[planner.Prior]{w.Prior}, DriftSince: micros(w.DriftSince), UpdatedAt: micros(w.UpdatedAt), Drift: text(w.Drift),
		Orphan: flag(w.Orphan), Reserved: w.Reserved, Backend: text(w.Backend),
		Health: text(w.Health), HealthAt: micros(w.HealthAt), Failing: nested[[]planner.FailedCheck]{w.Failing},
	}
}

func (r workspaceRow) record() runner.Workspace {
	return runner.Workspace{
		ID: workspaces.ID(r.ID), Repository: string(r.Repository), Sync: runner.Sync(r.Sync), Reason: string(r.Reason), Labels: r.Labels.value,
		Owner: string(r.Owner), DependsOn: r.DependsOn.value, TargetDigest: string(r.TargetDigest), TargetCommit: string(r.TargetCommit),
		Base: string(r.Base), AppliedDigest: string(r.AppliedDigest), AppliedCommit: string(r.AppliedCommit), AppliedTree: string(r.AppliedTree),
		AppliedAt: moment(r.AppliedAt), AppliedRun: r.AppliedRun, CheckedAt: moment(r.CheckedAt), DriftSince: moment(r.DriftSince),
		Prior: r.Prior.value, Drift: raw(r.Drift), Orphan: bool(r.Orphan), UpdatedAt: moment(r.UpdatedAt),
		Reserved: r.Reserved, Backend: string(r.Backend),
		Health: runner.Health(r.Health), HealthAt: moment(r.HealthAt), Failing: r.Failing.value,
	}
}

// labelRow is one label, to find workspaces by it.
type labelRow struct {
	bun.BaseModel `bun:"table:workspace_labels"`
	Workspace     text `bun:"workspace,pk"`
	Name          text `bun:"name,pk"`
	Value         text `bun:"value"`
}

// Workspace implements runner.Tx.
func (t *tx) Workspace(id workspaces.ID) (runner.Workspace, error) {
	var row workspaceRow
	err := t.bun.NewSelect().Model(&row).Where("id = ?", text(id)).Scan(t.ctx)
	return row.record(), one("workspace", id, err)
}

// Workspaces implements runner.Tx.
func (t *tx) Workspaces(f runner.WorkspaceFilter) ([]runner.Workspace, error) {
	var rows []workspaceRow
	q := t.bun.NewSelect().Model(&rows).Order("id").Limit(int64(f.Limit))
	q = among(q, "id", f.IDs)
	q = equal(q, "repository", text(f.Repository))
	q = equal(q, "sync", text(f.Sync))
	if f.Drifted {
		q = q.Where("drift_since > 0")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Labels)) {
		q = q.Where("id IN (?)", t.bun.NewSelect().Model((*labelRow)(nil)).Column("workspace").
			Where("name = ? AND value = ?", text(name), text(f.Labels[name])))
	}
	err := q.Scan(t.ctx)
	return records(rows, workspaceRow.record), one("list", "workspaces", err)
}

// PutWorkspace implements runner.Tx.
func (t *tx) PutWorkspace(w runner.Workspace) error {
	var old workspaceRow
	err := one("workspace", w.ID, t.bun.NewSelect().Model(&old).Column("labels").Where("id = ?", text(w.ID)).Scan(t.ctx))
	if err != nil && !isNotFound(err) {
		return err
	}
	row := newWorkspaceRow(w)
	if err := t.upsert(&row, "id"); err != nil {
		return one("put workspace", w.ID, err)
	}
	if maps.Equal(old.Labels.value, w.Labels) {
		return nil
	}
	return t.putLabels(row)
}

func (t *tx) putLabels(w workspaceRow) error {
	if _, err := t.bun.NewDelete().Model((*labelRow)(nil)).Where("workspace = ?", w.ID).Exec(t.ctx); err != nil {
		return fmt.Errorf("put labels of %s: %w", w.ID, err)
	}
	var rows []labelRow
	for name, value := range w.Labels.value {
		rows = append(rows, labelRow{Workspace: w.ID, Name: text(name), Value: text(value)})
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := t.bun.NewInsert().Model(&rows).Exec(t.ctx); err != nil {
		return fmt.Errorf("put labels of %s: %w", w.ID, err)
	}
	return nil
}
