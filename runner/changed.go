package runner

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
)

// changed records which resources an apply changed, with the newest event, which says how it ended: all that it planned when it
// succeeded, else what the engine said that it began.
func (j *journal) changed(run Run, status Status, steps []engine.Step) error {
	all := stepsTaken(steps)
	if status == Applied {
		planned, err := j.plannedChanges(run)
		if err != nil {
			return err
		}
		all = planned
	}
	for i := range all {
		all[i].EventID, all[i].RunID, all[i].Workspace = j.events[len(j.events)-1].ID, run.ID, run.Workspace
	}
	return j.tx.PutRunChanges(all)
}

func (j *journal) plannedChanges(run Run) (all []RunChange, err error) {
	data, err := j.tx.Blob(blobKey(run.ID, "plan"))
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrDamaged) {
		return nil, nil
	} else if err != nil {
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
