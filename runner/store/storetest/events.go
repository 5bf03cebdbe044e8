package storetest

import (
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
)

func events(t *testing.T, s runner.Store) {
	full := filled[runner.Event]()
	bare := runner.Event{Kind: "b", Repository: "r", Workspace: "r//a"}
	before := time.Now().Add(-time.Second)
	update(t, s, func(tx runner.Tx) error {
		if err := tx.Append(&full); err != nil {
			return err
		}
		return tx.Append(&bare)
	})
	if full.ID == 0 || bare.ID <= full.ID || bare.At.Before(before) || bare.At.Location() != time.UTC {
		t.Errorf("ids %d, %d, at %v", full.ID, bare.ID, bare.At)
	}
	for name, test := range map[string]struct {
		filter runner.EventFilter
		want   []runner.Event
	}{
		"all":        {runner.EventFilter{}, []runner.Event{bare, full}},
		"limit":      {runner.EventFilter{Limit: 1}, []runner.Event{bare}},
		"kind":       {runner.EventFilter{Kind: "b"}, []runner.Event{bare}},
		"repository": {runner.EventFilter{Repository: full.Repository}, []runner.Event{full}},
		"workspace":  {runner.EventFilter{Workspace: full.Workspace}, []runner.Event{full}},
		"run":        {runner.EventFilter{RunID: full.RunID}, []runner.Event{full}},
		"pull":       {runner.EventFilter{PullID: full.PullID}, []runner.Event{full}},
		"since":      {runner.EventFilter{Since: noon.Add(time.Hour)}, []runner.Event{bare}},
		"until":      {runner.EventFilter{Until: noon.Add(time.Hour)}, []runner.Event{full}},
		"before":     {runner.EventFilter{Before: bare.ID}, []runner.Event{full}},
		"after":      {runner.EventFilter{After: full.ID}, []runner.Event{bare}},
		"oldest":     {runner.EventFilter{Oldest: true}, []runner.Event{full, bare}},
		"none":       {runner.EventFilter{Workspace: full.Workspace, Kind: "b"}, []runner.Event{}},
	} {
		same(t, name, read(t, s, func(tx runner.Tx) ([]runner.Event, error) { return tx.Events(test.filter) }), test.want)
	}
}

// oddText keeps what no database takes as it is: file and branch names are bytes.
func oddText(t *testing.T, s runner.Store) {
	for _, odd := range []string{"", "caf\xe9", "a\x00b", "\xff\xfe", "\U0010FFFF\U0010FF00", "?0 ?", "'; DROP TABLE runs; --", `\u0000 \' \\`, "\u2028"} {
		key := "k" + odd
		p := runner.Pull{Repository: "r", Key: key, Title: odd, State: runner.Open, Notices: []string{"? it's"}}
		update(t, s, func(tx runner.Tx) error { return tx.PutPull(&p) })
		got := read(t, s, func(tx runner.Tx) ([]runner.Pull, error) {
			return tx.Pulls(runner.PullFilter{Repository: "r", Key: key})
		})
		same(t, odd, got, []runner.Pull{p})
		event := runner.Event{Message: odd, Workspace: "r//a"}
		update(t, s, func(tx runner.Tx) error { return tx.Append(&event) })
		same(t, odd, read(t, s, func(tx runner.Tx) ([]runner.Event, error) { return tx.Events(runner.EventFilter{Limit: 1}) }), []runner.Event{event})
	}
}
