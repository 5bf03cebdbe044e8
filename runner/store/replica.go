package store

import (
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
)

type replicaRow struct {
	bun.BaseModel `bun:"table:replicas"`
	ID            text             `bun:"id,pk"`
	Host          text             `bun:"host"`
	Kind          text             `bun:"kind"`
	Version       text             `bun:"version"`
	Takes         nested[[]string] `bun:"labels"`
	Keys          nested[[]string] `bun:"keys"`
	StartedAt     int64            `bun:"started_at"`
	SeenAt        int64            `bun:"seen_at"`
	LeaseUntil    int64            `bun:"lease_until"`
}

func (r replicaRow) record() runner.Replica {
	return runner.Replica{
		ID: string(r.ID), Host: string(r.Host), Kind: string(r.Kind), Version: string(r.Version), Takes: r.Takes.value, Keys: r.Keys.value,
		StartedAt: moment(r.StartedAt), SeenAt: moment(r.SeenAt), LeaseUntil: moment(r.LeaseUntil),
	}
}

type leaseRow struct {
	bun.BaseModel `bun:"table:leases"`
	Name          text  `bun:"name,pk"`
	Owner         text  `bun:"owner"`
	Until         int64 `bun:"until"`
}

func (r leaseRow) record() runner.Lease {
	return runner.Lease{Name: string(r.Name), Owner: string(r.Owner), Until: moment(r.Until)}
}

// Clock implements runner.Tx.
func (t *tx) Clock() (time.Time, error) {
	if t.db.dialect.clock == "" {
		return exact(time.Now()), nil
	}
	var at int64
	if err := t.bun.NewRaw(t.db.dialect.clock).Scan(t.ctx, &at); err != nil {
		return time.Time{}, fmt.Errorf("read the clock of the database: %w", err)
	}
	return moment(at), nil
}

// Replicas implements runner.Tx.
func (t *tx) Replicas() ([]runner.Replica, error) {
	var rows []replicaRow
	err := t.bun.NewSelect().Model(&rows).Order("id").Scan(t.ctx)
	return records(rows, replicaRow.record), one("list", "replicas", err)
}

// PutReplica implements runner.Tx.
func (t *tx) PutReplica(r runner.Replica) error {
	row := replicaRow{
		ID: text(r.ID), Host: text(r.Host), Kind: text(r.Kind), Version: text(r.Version), Takes: nested[[]string]{r.Takes}, Keys: nested[[]string]{r.Keys},
		StartedAt: micros(r.StartedAt), SeenAt: micros(r.SeenAt), LeaseUntil: micros(r.LeaseUntil),
	}
	return one("put replica", r.ID, t.upsert(&row, "id"))
}

// DeleteReplica implements runner.Tx.
func (t *tx) DeleteReplica(id string) error {
	result, err := t.bun.NewDelete().Model((*replicaRow)(nil)).Where("id = ?", text(id)).Exec(t.ctx)
	return affected("delete replica", id, result, err)
}

// LoseReplica implements runner.Tx. An Update that calls it makes a beat of that replica wait until it is kept.
func (t *tx) LoseReplica(r runner.Replica) error {
	result, err := t.bun.NewUpdate().Model((*replicaRow)(nil)).Set("lease_until = 0").
		Where("id = ? AND lease_until = ?", text(r.ID), micros(r.LeaseUntil)).Exec(t.ctx)
	if err = affected("end the lease of replica", r.ID, result, err); isNotFound(err) {
		return fmt.Errorf("end the lease of replica %s: %w", r.ID, runner.ErrConflict)
	}
	return err
}

// Leases implements runner.Tx.
func (t *tx) Leases() ([]runner.Lease, error) {
	var rows []leaseRow
	err := t.bun.NewSelect().Model(&rows).Order("name").Scan(t.ctx)
	return records(rows, leaseRow.record), one("list", "leases", err)
}

// PutLease implements runner.Tx.
func (t *tx) PutLease(l runner.Lease) error {
	row := leaseRow{Name: text(l.Name), Owner: text(l.Owner), Until: micros(l.Until)}
	return one("put lease", l.Name, t.upsert(&row, "name"))
}
