package runner

import (
	"context"
	"testing"
	"time"

	"github.com/driftlessops/driftless/planner/mask"
)

type movedTx struct {
	Tx
	run Run
}

func (m *movedTx) UpdateRun(run Run, _ Status) error { m.run = run; return nil }
func (m *movedTx) PutBlob(string, []byte) error      { return nil }

type movedStore struct {
	Store
	tx Tx
}

func (m movedStore) Update(_ context.Context, f func(Tx) error) error { return f(m.tx) }

// TestAnApplyThatGoesBackBeganNothing: an apply was about to begin when the branch moved.
func TestAnApplyThatGoesBackBeganNothing(t *testing.T) {
	t.Parallel()
	tx := &movedTx{}
	j := &job{
		r: &Runner{opts: Options{Store: movedStore{tx: tx}}, members: &membership{ours: map[int64]bool{}}}, mask: &mask.Masker{},
		run: Run{ID: 1, Purpose: PurposeApply, Status: Ready, Owner: "a", AppliedAt: time.Now()},
	}
	err := j.move(t.Context(), Queued, func(Tx, *journal, *Run) error { return nil })
	if err != nil || tx.run.Status != Queued || tx.run.Owner != "" || !tx.run.AppliedAt.IsZero() {
		t.Errorf("%+v, %v", tx.run, err)
	}
}
