package planner

import (
	"fmt"
	"testing"
)

func TestPathOfTheCheckoutIsNoChange(t *testing.T) {
	t.Parallel()
	plan := func(actions, before, after, unknown string) string {
		return fmt.Sprintf(`{"format_version":"1.2","resource_changes":[{"address":"a.b","mode":"managed","type":"a","name":"b","provider_name":"p",
			"change":{"actions":%s,"before":%s,"after":%s,"after_unknown":%s}}]}`, actions, before, after, unknown)
	}
	const update = `["update"]`
	for name, c := range map[string]struct {
		raw     string
		changes int
	}{
		"only the path differs":      {plan(update, `{"f":"/data/w/x.txt","n":1}`, `{"f":"/checkouts/1/x.txt","n":1}`, `{}`), 0},
		"something else differs too": {plan(update, `{"f":"/data/w/x.txt","n":1}`, `{"f":"/checkouts/1/x.txt","n":2}`, `{}`), 1},
		"another file":               {plan(update, `{"f":"/data/w/x.txt"}`, `{"f":"/checkouts/1/y.txt"}`, `{}`), 1},
		"a replacement is shown":     {plan(`["delete","create"]`, `{"f":"/data/w/x.txt"}`, `{"f":"/checkouts/1/x.txt"}`, `{"id":true}`), 1},
		"something is not known":     {plan(update, `{"f":"/data/w/x.txt"}`, `{"f":"/checkouts/1/x.txt"}`, `{"v":true}`), 1},
		"an update of nothing else":  {plan(update, `{"f":"a"}`, `{"f":"a"}`, `{}`), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Parse([]byte(c.raw), ParseOptions{Key: []byte("k"), Checkout: "/checkouts/1", Settled: "/data/w"})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Changes) != c.changes || p.Summary.Empty() != (c.changes == 0) {
				t.Errorf("%d changes, %s; want %d", len(p.Changes), p.Summary, c.changes)
			}
		})
	}
}
