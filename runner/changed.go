package runner

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
)

// Changed are the resources that an apply changed, or may have changed, as the event says that tells how it ended. RunChanges are
// an index of them by address; it must agree with this.
type Changed struct {
	Count  int            `json:"count"`
	Digest string         `json:"digest"` // SHA-256 of all of them, see ChangedOf
	List   []ChangedFacts `json:"list,omitempty"`
	More   int            `json:"more,omitempty"` // that are not in List
}

// ChangedFacts is one of them.
type ChangedFacts struct {
	Address  string `json:"address"`
	Action   string `json:"action"`
	Previous string `json:"previous_address,omitempty"`
}

// mostChanged is how many changes an event lists.
const mostChanged = 1000

// ChangedOf are changes as an event tells of them, in order. The digest is over address, action and previous address of each, each
// followed by a zero byte.
func ChangedOf(all []RunChange) *Changed {
	all = slices.SortedFunc(slices.Values(all), func(a, b RunChange) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Previous, b.Previous))
	})
	sum, c := sha256.New(), Changed{Count: len(all), More: max(0, len(all)-mostChanged)}
	for _, change := range all {
		_, _ = io.WriteString(sum, change.Address+"\x00"+change.Action+"\x00"+change.Previous+"\x00")
	}
	for _, change := range all[:len(all)-c.More] {
		c.List = append(c.List, ChangedFacts{Address: change.Address, Action: change.Action, Previous: change.Previous})
	}
	c.Digest = hex.EncodeToString(sum.Sum(nil))
	return &c
}

// Differs reports whether changes that are on record with an event are not those that the event tells of.
func (e Event) Differs(all []RunChange) bool {
	said := FactsOf(e).Changed
	if said == nil {
		return len(all) > 0
	}
	return said.Digest != ChangedOf(all).Digest || slices.ContainsFunc(all, func(c RunChange) bool { return c.RunID != e.RunID })
}

// ended records how an apply ended, and which resources it changed: all that it planned when it succeeded, else, or when the plan is
// lost, what the engine said that it began.
func (j *journal) ended(kind string, run Run, message string, o aftermath) error {
	all := stepsTaken(o.steps)
	if o.status == Applied {
		planned, err := j.plannedChanges(run)
		switch {
		case err == nil:
			all = planned
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrDamaged):
			return err
		}
	}
	if err := j.runWith(kind, run, message, ChangedOf(all)); err != nil {
		return err
	}
	for i := range all {
		all[i].EventID, all[i].RunID, all[i].Workspace = j.events[len(j.events)-1].ID, run.ID, run.Workspace
	}
	return j.tx.PutRunChanges(all)
}

func (j *journal) plannedChanges(run Run) (all []RunChange, err error) {
	data, err := j.tx.Blob(BlobKey(run.ID, "plan"))
	if err != nil {
		return nil, err
	}
	var plan planner.Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return nil, fmt.Errorf("plan of run %d: %w", run.ID, err)
	}
	for _, c := range plan.Changes {
		if c.Kind != planner.KindOutput {
			all = append(all, RunChange{Address: c.Address, Action: string(c.Action), Previous: c.PreviousAddress})
		}
	}
	return all, nil
}

// stepsTaken are the changes that an engine began, each with how far it got.
func stepsTaken(steps []engine.Step) (all []RunChange) {
	for _, s := range steps {
		action := s.Action
		switch {
		case s.Failed:
			action += ", failed"
		case !s.Ended:
			action += ", began"
		}
		all = append(all, RunChange{Address: s.Address, Action: action})
	}
	return all
}
