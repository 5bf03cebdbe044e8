package runner

import (
	"log/slog"
	"testing"
	"time"
)

// TestARunHasOneJob: a run that a job put back is not claimed while that job lives.
func TestARunHasOneJob(t *testing.T) {
	t.Parallel()
	r := &Runner{members: &membership{hands: map[int64]bool{7: true}}}
	if ok, err := r.tryClaim(nil, &Run{ID: 7, Status: Queued}); ok || err != nil {
		t.Errorf("claimed: %t, %v", ok, err)
	}
}

// roll is a Tx with nothing but replicas.
type roll struct {
	Tx
	all  []Replica
	lost int
}

func (l *roll) Replicas() ([]Replica, error)  { return l.all, nil }
func (l *roll) Runs(RunFilter) ([]Run, error) { return nil, nil }

func (l *roll) PutReplica(r Replica) error {
	for i := range l.all {
		if l.all[i].ID == r.ID {
			l.all[i] = r
		}
	}
	return nil
}

func (l *roll) Append(e *Event) error {
	if e.Kind == ReplicaLost {
		l.lost++
	}
	return nil
}

// TestNobodyIsJudgedAfterAnOutage: the first replica that is back when none could renew its lease gives the others the time to.
func TestNobodyIsJudgedAfterAnOutage(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := &membership{r: &Runner{log: slog.New(slog.DiscardHandler)}, shared: true, lease: 12 * time.Second, joined: true}
	m.self = Replica{ID: "a", Kind: Serve, StartedAt: begin}
	tx := &roll{}
	for _, id := range []string{"a", "b"} {
		tx.all = append(tx.all, Replica{ID: id, Kind: Serve, StartedAt: begin, SeenAt: begin, LeaseUntil: begin.Add(m.lease)})
	}
	for _, beat := range []struct {
		after time.Duration
		live  int
		lost  int
	}{
		{4 * time.Second, 2, 0},
		{60 * time.Second, 2, 0}, // nobody could
		{64 * time.Second, 1, 1}, // b had the time to
		{68 * time.Second, 1, 1},
	} {
		live, err := m.renew(tx, &journal{tx: tx}, begin.Add(beat.after))
		if err != nil || len(live) != beat.live || tx.lost != beat.lost {
			t.Errorf("after %s: %d live, %d lost, %v; want %d and %d", beat.after, len(live), tx.lost, err, beat.live, beat.lost)
		}
	}
}
