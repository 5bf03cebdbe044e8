package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
)

// chained checks the history of a store from the anchor on, as records of an export.
func chained(t *testing.T, s runner.Store) (chain audit.Chain) {
	t.Helper()
	records := read(t, s, func(tx runner.Tx) ([]audit.Record, error) { return audit.Page(tx, 0, 0, 0) })
	for _, r := range records {
		chain.Add(r)
	}
	if problems := chain.Done(); len(problems) > 0 {
		t.Errorf("the chain is broken: %v", problems)
	}
	return chain
}

func chain(t *testing.T, s runner.Store) {
	for i, e := range []runner.Event{
		{Kind: "a"}, filled[runner.Event](), {Message: "caf\xe9 \x00 \U0010FFFF \u2028 \"\\\n"}, {Data: []byte(`{"b": [1, {}], "a": "<&>", "c": null, "d": true}`)},
		{Kind: "b", At: noon.Add(time.Nanosecond)},
	} {
		update(t, s, func(tx runner.Tx) error {
			second := e
			if err := tx.Append(&e); err != nil {
				return err
			}
			return tx.Append(&second)
		})
		if e.ID != int64(2*i+1) || e.Hash == "" {
			t.Fatalf("id %d, hash %q", e.ID, e.Hash)
		}
	}
	failed := fmt.Errorf("as if it failed")
	refused(t, s, failed, func(tx runner.Tx) error {
		if err := tx.Append(&runner.Event{Kind: "undone"}); err != nil {
			return err
		}
		return failed
	})
	if err := s.Update(t.Context(), func(tx runner.Tx) error { return tx.Append(&runner.Event{Data: []byte(`{`)}) }); err == nil {
		t.Error("data that is no JSON was taken")
	}
	update(t, s, func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "last"}) })
	all := read(t, s, func(tx runner.Tx) ([]audit.Record, error) { return audit.Page(tx, 0, 0, 0) })
	same(t, "a page", read(t, s, func(tx runner.Tx) ([]audit.Record, error) { return audit.Page(tx, 3, 9, 2) }), all[3:5])
	same(t, "the rest", read(t, s, func(tx runner.Tx) ([]audit.Record, error) { return audit.Page(tx, 3, 9, 0) }), all[3:9])
	if c := chained(t, s); c.Count != 11 || c.Last.ID != 11 || c.Last.Kind != "last" {
		t.Errorf("the chain has %d records, the last is %+v", c.Count, c.Last)
	}
}

func prune(t *testing.T, s runner.Store) {
	day := func(n int) time.Time { return noon.Add(time.Duration(n) * 24 * time.Hour).UTC() }
	update(t, s, func(tx runner.Tx) error {
		for _, n := range []int{0, 1, 2, 1, 3} { // the clock went back once
			e := runner.Event{Kind: "kind", At: day(n)}
			if err := tx.Append(&e); err != nil {
				return err
			}
			if err := tx.PutRunChanges([]runner.RunChange{{EventID: e.ID, Address: "a.b"}}); err != nil {
				return err
			}
		}
		return nil
	})
	anchor := func() runner.Anchor {
		return read(t, s, func(tx runner.Tx) (runner.Anchor, error) { return tx.EventAnchor() })
	}
	same(t, "no anchor", anchor(), runner.Anchor{})
	before := chained(t, s)
	for _, step := range []struct {
		before             time.Time
		most, pruned, left int
		last               int64
	}{{day(0), 9, 0, 5, 0}, {day(2), 1, 1, 5, 1}, {day(2), 9, 1, 5, 2}, {day(2), 9, 0, 5, 2}, {day(100000), 5, 5, 1, 7}} {
		var pruned int64
		update(t, s, func(tx runner.Tx) (err error) {
			pruned, err = tx.PruneEvents(step.before, step.most)
			return err
		})
		c := chained(t, s)
		if pruned != int64(step.pruned) || c.Count != step.left || anchor().ID != step.last {
			t.Errorf("before %v: pruned %d, %d left, anchor %+v", step.before, pruned, c.Count, anchor())
		}
		if step.last == 2 && c.First.Previous != anchor().Hash {
			t.Errorf("%s does not follow the anchor %+v", c.First.Previous, anchor())
		}
		if said := runner.FactsOf(runner.Event{Data: c.Last.Data}).Pruned; step.pruned > 0 && (c.Last.Kind != runner.EventsPruned || said == nil || said.ID != step.last || said.Hash != anchor().Hash) {
			t.Errorf("before %v: %+v does not name the anchor %+v", step.before, c.Last, anchor())
		}
		changes := read(t, s, func(tx runner.Tx) ([]runner.RunChange, error) { return tx.RunChanges(runner.ChangeFilter{}) })
		if want := max(0, 5-int(step.last)); len(changes) != want {
			t.Errorf("before %v: %d changes are left, not %d", step.before, len(changes), want)
		}
	}
	if a := anchor(); a.Events != 7 || a.At.IsZero() || a.Hash == before.First.Hash {
		t.Errorf("anchor %+v", a)
	}
}

func runChanges(t *testing.T, s runner.Store) {
	full := filled[runner.RunChange]()
	at := func(event int64, address string) runner.RunChange {
		return runner.RunChange{EventID: event, RunID: 7, Workspace: "r//a", Address: address, Action: "create"}
	}
	first, second, module, other := at(1, "x.a[0]"), at(2, "x.a"), at(2, `module.m["k"].x.a`), at(2, "x.ab")
	moved := runner.RunChange{EventID: 1, RunID: 7, Workspace: "r//b", Address: "module.n.x.c", Action: "update", Previous: "module.m.x.c"}
	update(t, s, func(tx runner.Tx) error {
		for i := range 2 {
			if err := tx.Append(&runner.Event{Kind: "applied", At: noon.Add(time.Duration(i) * time.Hour)}); err != nil {
				return err
			}
		}
		if err := tx.PutRunChanges(nil); err != nil {
			return err
		}
		return tx.PutRunChanges([]runner.RunChange{first, second, module, other, moved, full})
	})
	for name, test := range map[string]struct {
		filter runner.ChangeFilter
		want   []runner.RunChange
	}{
		"all of a run":  {runner.ChangeFilter{RunID: 7, Limit: 3}, []runner.RunChange{module, second, other}},
		"resource":      {runner.ChangeFilter{Address: "x.a"}, []runner.RunChange{second, first}},
		"instance":      {runner.ChangeFilter{Address: "x.a[0]"}, []runner.RunChange{first}},
		"module":        {runner.ChangeFilter{Address: "module.m"}, []runner.RunChange{module, moved}},
		"workspace":     {runner.ChangeFilter{Address: "module.m", Workspace: "r//b"}, []runner.RunChange{moved}},
		"since":         {runner.ChangeFilter{Address: "x.a", Since: noon.Add(time.Minute)}, []runner.RunChange{second}},
		"until":         {runner.ChangeFilter{Address: "x.a", Until: noon.Add(time.Minute)}, []runner.RunChange{first}},
		"full":          {runner.ChangeFilter{Address: full.Address}, []runner.RunChange{full}},
		"former":        {runner.ChangeFilter{Address: full.Previous}, []runner.RunChange{full}},
		"part of names": {runner.ChangeFilter{Address: "x"}, []runner.RunChange{second, other, first}}, // all of a type
		"no part":       {runner.ChangeFilter{Address: "module.m.x.cc"}, []runner.RunChange{}},
	} {
		same(t, name, read(t, s, func(tx runner.Tx) ([]runner.RunChange, error) { return tx.RunChanges(test.filter) }), test.want)
	}
}

// changesAgree: what is listed by address is compared with what the events say, page by page.
func changesAgree(t *testing.T, s runner.Store) {
	made := []runner.RunChange{{RunID: 7, Address: "x.b", Action: "create"}, {RunID: 7, Address: "x.a\u2028", Action: "update", Previous: "x.c"}, {RunID: 7, Address: "x.a", Action: "delete"}}
	apply := func(change func(id int64, all []runner.RunChange) []runner.RunChange) (id int64) {
		update(t, s, func(tx runner.Tx) error {
			e := runner.Event{Kind: "applied", RunID: 7, Data: runner.Facts{Changed: runner.ChangedOf(made)}.JSON()}
			if err := tx.Append(&e); err != nil {
				return err
			}
			id = e.ID
			all := slices.Clone(made)
			for i := range all {
				all[i].EventID = id
			}
			return tx.PutRunChanges(change(id, all))
		})
		return id
	}
	as := func(_ int64, all []runner.RunChange) []runner.RunChange { return all }
	update(t, s, func(tx runner.Tx) error { return tx.Append(&runner.Event{Kind: "planned"}) })
	apply(as)
	want := map[int64]bool{
		apply(func(_ int64, all []runner.RunChange) []runner.RunChange { return all[1:] }):                      true,
		apply(func(_ int64, all []runner.RunChange) []runner.RunChange { all[0].Address = "x.bb"; return all }): true,
		apply(func(_ int64, all []runner.RunChange) []runner.RunChange { all[0].RunID = 8; return all }):        true,
		apply(func(id int64, all []runner.RunChange) []runner.RunChange {
			return append(all, runner.RunChange{EventID: id - 100, Address: "x.stray"})
		}): false,
		apply(func(id int64, all []runner.RunChange) []runner.RunChange { all[2].EventID = 1; return all }): true,
		1: true, // it says of none
	}
	apply(as)
	for _, limit := range []int{2, 3, 100} {
		var problems []string
		for after, rounds := int64(0), 0; rounds == 0 || after > 0; rounds++ {
			err := s.View(t.Context(), func(tx runner.Tx) (err error) {
				var some []string
				some, after, err = audit.Changes(tx, after, limit)
				problems = append(problems, some...)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		differ := 0
		for id, differs := range want {
			if differs {
				differ++
			}
			if found := slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, fmt.Sprintf("record %d says", id)) }); found != differs {
				t.Errorf("record %d: %v in %q", id, found, problems)
			}
		}
		if len(problems) != differ+1 || !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, "which is not there") }) {
			t.Errorf("%d at a time: %q", limit, problems)
		}
	}
}
