package store

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/workspaces"
)

type stateRow struct {
	bun.BaseModel `bun:"table:states"`
	Workspace     text   `bun:"workspace,pk"`
	Version       int64  `bun:"version,pk"`
	Serial        int64  `bun:"serial"`
	Lineage       text   `bun:"lineage"`
	Size          int    `bun:"size"`
	RunID         int64  `bun:"run_id"`
	CreatedAt     int64  `bun:"created_at"`
	Digest        text   `bun:"digest"`
	Content       []byte `bun:"content"`
	SealedFor     string `bun:"sealed_for"`
}

func (r stateRow) record() runner.StateVersion {
	return runner.StateVersion{
		Workspace: workspaces.ID(r.Workspace), Version: r.Version, Serial: r.Serial, Lineage: string(r.Lineage), Size: r.Size,
		RunID: r.RunID, CreatedAt: moment(r.CreatedAt),
	}
}

// states selects the versions of a state, newest first.
func (t *tx) states(model any, id workspaces.ID) *bun.SelectQuery {
	return t.bun.NewSelect().Model(model).Where("workspace = ?", text(id)).Order("version DESC")
}

// State implements runner.Tx.
func (t *tx) State(id workspaces.ID, version int64) (runner.StateVersion, []byte, error) {
	var row stateRow
	read := func(columns ...string) error {
		q := t.states(&row, id).Column(columns...).Limit(1)
		if version > 0 {
			q = q.Where("version = ?", version)
		}
		return q.Scan(t.ctx)
	}
	err := read("version", "size")
	if err == nil {
		version = row.Version
		err = t.patiently(int64(row.Size), func() error { return read() })
	}
	if err != nil {
		return runner.StateVersion{}, nil, one("state of", id, err)
	}
	content, err := t.db.sealer.unseal(row.Content)
	return row.record(), content, one("state of", id, err)
}

// States implements runner.Tx.
func (t *tx) States(id workspaces.ID) ([]runner.StateVersion, error) {
	var rows []stateRow
	err := t.states(&rows, id).ExcludeColumn("content", "digest").Scan(t.ctx)
	return records(rows, stateRow.record), one("states of", id, err)
}

// PutState implements runner.Tx. It also sets Size, and CreatedAt when it is zero.
func (t *tx) PutState(v *runner.StateVersion, content []byte) error {
	var newest stateRow
	err := one("state of", v.Workspace, t.states(&newest, v.Workspace).Column("version", "digest").Limit(1).Scan(t.ctx))
	if err != nil && !isNotFound(err) {
		return err
	}
	digest := t.db.sealer.digest(content)
	if err == nil && newest.Digest == digest {
		_, _, err := t.State(v.Workspace, newest.Version)
		if err == nil {
			v.Version, v.Size = newest.Version, len(content)
		}
		if !errors.Is(err, runner.ErrDamaged) { // this is what makes it whole
			return err
		}
	}
	sealed, recipient, err := t.seal(content)
	if err != nil {
		return one("put state of", v.Workspace, err)
	}
	next := *v
	next.Version, next.Size = newest.Version+1, len(content)
	if next.CreatedAt.IsZero() {
		next.CreatedAt = exact(time.Now())
	}
	err = t.patiently(int64(len(sealed)), func() error {
		_, err := t.exec("INSERT INTO states (workspace, version, serial, lineage, size, run_id, created_at, digest, content, sealed_for) VALUES", "",
			text(next.Workspace), next.Version, next.Serial, text(next.Lineage), next.Size, next.RunID, micros(next.CreatedAt), digest, sealed, recipient)
		return err
	})
	if err != nil {
		return one("put state of", v.Workspace, err)
	}
	*v = next
	return t.written(next)
}

// written records a version of a state, whoever wrote it.
func (t *tx) written(v runner.StateVersion) error {
	repository, _, _ := strings.Cut(string(v.Workspace), "//")
	return t.Append(&runner.Event{
		Kind: "state written", Actor: runner.Self, Repository: repository, Workspace: v.Workspace, RunID: v.RunID,
		Message: fmt.Sprintf("version %d with serial %d", v.Version, v.Serial),
		Data:    runner.Facts{State: &runner.StateFacts{Version: v.Version, Serial: v.Serial, Lineage: v.Lineage, Size: v.Size}}.JSON(),
	})
}
