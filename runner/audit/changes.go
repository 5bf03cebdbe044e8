package audit

import (
	"fmt"

	"github.com/driftlessops/driftless/runner"
)

// Changes compares what is listed by address for the next records after an id, at most limit, with what the records say themselves. It
// returns the differences, for people, and the id up to which it looked; 0 = to the end.
func Changes(tx runner.Tx, after int64, limit int) (problems []string, until int64, err error) {
	events, err := tx.Events(runner.EventFilter{After: after, Oldest: true, Limit: limit})
	if err != nil {
		return nil, 0, err
	}
	filter := runner.ChangeFilter{After: after}
	if len(events) == limit {
		until = events[limit-1].ID
		filter.Before = until + 1
	}
	all, err := tx.RunChanges(filter)
	listed, order := map[int64][]runner.RunChange{}, []int64{}
	for _, c := range all {
		if listed[c.EventID] == nil {
			order = append(order, c.EventID)
		}
		listed[c.EventID] = append(listed[c.EventID], c)
	}
	for _, e := range events {
		if e.Differs(listed[e.ID]) {
			problems = append(problems, fmt.Sprintf("record %d says which resources were changed, and what `driftless history` lists for it is something else", e.ID))
		}
		delete(listed, e.ID)
	}
	for _, id := range order {
		if listed[id] != nil {
			problems = append(problems, fmt.Sprintf("`driftless history` lists changes of resources for record %d, which is not there", id))
		}
	}
	return problems, until, err
}
