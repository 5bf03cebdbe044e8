package runner

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// TestARunHasOneJob: a run that a job put back is not claimed while that job lives.
func TestARunHasOneJob(t *testing.T) {
	t.Parallel()
	r := &Runner{members: &membership{hands: map[int64]bool{7: true}}}
	if ok, err := (&candidates{r: r}).tryClaim(&Run{ID: 7, Status: Queued}); ok || err != nil {
		t.Errorf("claimed: %t, %v", ok, err)
	}
}

// roll is a Store and its Tx, with nothing but replicas, their leases, and events.
type roll struct {
	Store
	Tx
	all  []Replica
	lost int

	at     time.Time
	leases []Lease
	put    []string // names of leases
	events []Event
}

func (l *roll) Replicas() ([]Replica, error)  { return l.all, nil }
func (l *roll) Runs(RunFilter) ([]Run, error) { return nil, nil }

func (l *roll) View(_ context.Context, f func(Tx) error) error   { return f(l) }
func (l *roll) Update(_ context.Context, f func(Tx) error) error { return f(l) }

func (l *roll) LoseReplica(r Replica) error {
	r.LeaseUntil = zeroTime
	return l.PutReplica(r)
}

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
	m := &membership{r: &Runner{log: slog.New(slog.DiscardHandler)}, shared: true, lease: 12 * time.Second, joined: true, started: begin, ours: map[int64]bool{}}
	m.self = Replica{ID: "a", Kind: Serve}
	tx := &roll{}
	m.r.opts.Store, m.r.opts.Meter, m.r.members = tx, unmetered{}, m
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
		{64 * time.Second, 2, 0}, // b may still wait for an answer to the beat before
		{68 * time.Second, 2, 0},
		{72 * time.Second, 1, 1}, // b had a whole lease to
		{76 * time.Second, 1, 1},
	} {
		tx.at = begin.Add(beat.after)
		live, err := m.renew(tx, tx.at)
		if err = errors.Join(err, m.takeOver(t.Context())); err != nil || len(live) != beat.live || tx.lost != beat.lost {
			t.Errorf("after %s: %d live, %d lost, %v; want %d and %d", beat.after, len(live), tx.lost, err, beat.live, beat.lost)
		}
	}
}

func (l *roll) Leases() ([]Lease, error)  { return l.leases, nil }
func (l *roll) Clock() (time.Time, error) { return l.at, nil }

func (l *roll) PutLease(lease Lease) error {
	l.put = append(l.put, lease.Name)
	return nil
}

func (l *roll) Events(f EventFilter) ([]Event, error) {
	return slices.DeleteFunc(slices.Clone(l.events), func(e Event) bool { return e.RunID != f.RunID || e.Kind != f.Kind }), nil
}

// TestALeaseIsNotStolenBack: a replica that still ends to lead something keeps its lease until then, unless another one has it by now.
func TestALeaseIsNotStolenBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	config := &workspaces.Config{Repositories: []workspaces.Repository{{Name: "mine"}, {Name: "theirs"}, {Name: "left"}}}
	m := &membership{r: &Runner{opts: Options{Config: config}}, shared: true, lease: 12 * time.Second, leads: map[string]*leading{}}
	m.self = Replica{ID: "a", Kind: Serve}
	tx := &roll{}
	for name, owner := range map[string]string{"mine": "a", "theirs": "b", "left": ""} {
		tx.leases = append(tx.leases, Lease{Name: leasePrefix + name, Owner: owner, Until: at.Add(m.lease)})
		m.leads[leasePrefix+name] = &leading{over: true}
	}
	p, err := m.divide(tx, at, []Replica{m.self, {ID: "b", Kind: Serve}})
	if err != nil || len(p.lead) > 0 || !slices.Equal(tx.put, []string{leasePrefix + "mine"}) {
		t.Errorf("it takes %v and leads %v: %v", tx.put, p.lead, err)
	}
}

// TestWhatWasWatchedIsForgotten: who leads again does not look for drift of what was there before.
func TestWhatWasWatchedIsForgotten(t *testing.T) {
	t.Parallel()
	w := &watcher{}
	w.tracked.Store(&workspaces.Set{})
	if w.anew(); w.tracked.Load() != nil {
		t.Error("it knows the workspaces of an earlier time")
	}
}

// TestOneReplicaTriesOnce: one that comes back again and again is not taken for several.
func TestOneReplicaTriesOnce(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tx := &roll{at: at}
	for _, id := range []string{"a", "b", "c", "gone", "stops"} {
		tx.all = append(tx.all, Replica{ID: id, Kind: map[bool]string{true: Stopping, false: Serve}[id == "stops"], LeaseUntil: at.Add(time.Second)})
	}
	tx.all[3].LeaseUntil = at
	m := &membership{self: tx.all[0]}
	left := func(replica string) {
		tx.events = append(tx.events, Event{RunID: 7, Kind: leftToOthers, Data: Facts{Run: &RunFacts{Replica: replica}}.JSON()})
	}
	for _, step := range []struct{ by, want string }{{"a", "bc"}, {"a", "bc"}, {"b", "c"}, {"b", "c"}, {"c", ""}} {
		left(step.by)
		if ids, again, err := m.untried(tx, Run{ID: 7}, nil); err != nil || !again || strings.Join(ids, "") != step.want {
			t.Errorf("after %s: %v, %v", step.by, ids, err)
		}
	}
}

// TestStoppingDoesNotWaitForTheDatabase, except to record what became of an apply.
func TestStoppingDoesNotWaitForTheDatabase(t *testing.T) {
	t.Parallel()
	r := &Runner{members: &membership{leaving: true}}
	for status, most := range map[Status]int{Planning: 1, Planned: 1, Ready: 1, Applying: 3, Interrupted: 3} {
		calls := 0
		j := &job{r: r, run: Run{Status: status}, log: slog.New(slog.DiscardHandler)}
		err := j.insist(t.Context(), Failed, func() error {
			if calls++; calls == 3 {
				return nil
			}
			return ErrUnavailable
		})
		if calls != most || (err == nil) != (most == 3) {
			t.Errorf("%s: %d calls, %v", status, calls, err)
		}
	}
}

// TestWhatAReplicaPostsMakesNobodyLook: the leader meets its own posts and states as news.
func TestWhatAReplicaPostsMakesNobodyLook(t *testing.T) {
	t.Parallel()
	r := &Runner{wake: make(chan struct{}, 1)}
	r.members = &membership{r: r}
	w := &watcher{r: r, kick: make(chan struct{}, 1)}
	w.conf.Name = "a"
	r.opts.Config = &workspaces.Config{}
	r.watching.add(w)
	for _, step := range []struct {
		kind string
		look bool
	}{{"posted", false}, {"state written", false}, {"run put off", false}, {"approved", true}} {
		r.takeUp(t.Context(), []Event{{ID: 1, Kind: step.kind, Repository: "a"}})
		if look := w.dirty.Load(); look != step.look {
			t.Errorf("after %q it looks again: %t", step.kind, look)
		}
	}
}

// history is a Store and its Tx with nothing but the events of one run.
type history struct {
	Store
	Tx
	at     time.Time
	events []Event // the newest first
}

func (h *history) View(_ context.Context, f func(Tx) error) error { return f(h) }
func (h *history) Clock() (time.Time, error)                      { return h.at, nil }

func (h *history) Events(f EventFilter) ([]Event, error) {
	all := slices.DeleteFunc(slices.Clone(h.events), func(e Event) bool {
		return f.Kind != "" && e.Kind != f.Kind || e.ID <= f.After || e.At.Before(f.Since)
	})
	return all[:min(len(all), f.Limit)], nil
}

// happened is a history of events an hour after another, the last one an hour ago.
func happened(kinds ...string) *history {
	h := &history{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for i, kind := range slices.Backward(kinds) {
		kind, message, _ := strings.Cut(kind, ": ")
		h.events = append(h.events, Event{ID: int64(i + 1), Kind: kind, Message: message, At: h.at.Add(-time.Duration(len(kinds)-i) * time.Hour)})
	}
	return h
}

// TestWhatCountsAsATry: what was over does not, nor does a wait for room; what keeps every plan from being used does.
func TestWhatCountsAsATry(t *testing.T) {
	t.Parallel()
	long := slices.Repeat([]string{"run put off"}, 30)
	for name, c := range map[string]struct {
		kinds  []string
		status Status
		tries  int
		room   int
	}{
		"none":                       {nil, Planning, 0, 0},
		"a registry, in a row":       {[]string{"planning", "run put off", "planning", "run put off", "planning"}, Planning, 2, 0},
		"it was planned since":       {[]string{"run put off", "run put off", "planned", "run waits for room", "planning", "run put off", "planning"}, Planning, 1, 1},
		"what comes after each plan": {[]string{"planned", "run put off", "planned", "run put off", "planned"}, Planned, 2, 0},
		"more than matter":           {long, Planning, mostTries, 0},
		"days ago":                   {slices.Concat(long, slices.Repeat([]string{"planning"}, 24)), Planning, 0, 0},
	} {
		h := happened(c.kinds...)
		tries, err := putOffs(h, Run{Status: c.status})
		room, failed := roomWaits(h, 0)
		if err != nil || failed != nil || tries != c.tries || room != c.room {
			t.Errorf("%s: %d tries, %d waits for room, %v, %v", name, tries, room, err, failed)
		}
	}
}

// TestTheSecondLostLeaseInARowWaits: a run that costs its replica the lease is not planned again and again at once.
func TestTheSecondLostLeaseInARowWaits(t *testing.T) {
	t.Parallel()
	lost := "run handed back: " + errLost.Error()
	for name, c := range map[string]struct {
		kinds []string
		waits bool
	}{
		"the first":         {[]string{"run queued", "planning"}, false},
		"the second":        {[]string{lost, "planning", "planned"}, true},
		"the third":         {[]string{lost, "planning", "run put off: " + (&job{}).outage(errLost), "planning"}, true},
		"a replica was":     {[]string{"run taken over", "planning"}, true},
		"a stop in between": {[]string{lost, "planning", "run handed back: driftless stops", "planning"}, false},
	} {
		r := &Runner{opts: Options{Store: happened(c.kinds...)}, members: &membership{}}
		if waits, err := (&job{r: r, log: slog.New(slog.DiscardHandler)}).lostBefore(t.Context()); err != nil || waits != c.waits {
			t.Errorf("%s: %t, %v", name, waits, err)
		}
	}
}

// ring is a roll with a key.
type ring struct {
	*roll
	Keyring
}

func (ring) Recipients() []string                                { return []string{"age1"} }
func (r ring) Beat(_ context.Context, f func(tx Tx) error) error { return f(r.roll) }

func (l *roll) Workspace(workspaces.ID) (Workspace, error) { return Workspace{}, ErrNotFound }

// TestTakingWhileItBeats: the heartbeat changes nothing that those who take runs read; only -race sees it.
func TestTakingWhileItBeats(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tx := &roll{at: at, all: []Replica{{ID: "a"}}}
	m := &membership{shared: true, lease: time.Minute, renewed: make(chan struct{}, 1)}
	m.r = &Runner{log: slog.New(slog.DiscardHandler), members: m, opts: Options{Store: ring{roll: tx}, Config: &workspaces.Config{}}}
	m.self = Replica{ID: "a", Kind: Worker, Takes: Selector{"env=prod"}}
	var group sync.WaitGroup
	group.Go(func() {
		for range 100 {
			if err := m.beat(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	for range 100 {
		if mine, _, err := m.takes(tx, Run{}); mine || err != nil {
			t.Errorf("taken: %t, %v", mine, err)
		}
	}
	group.Wait()
	if got := tx.all[0]; !got.StartedAt.Equal(at) || !slices.Equal(got.Keys, []string{"age1"}) {
		t.Errorf("on record: %+v", got)
	}
}
