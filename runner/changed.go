package runner

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/driftlessops/driftless/planner"
)

// changed records which resources an apply changed, with the event that says how it ended, which is the newest: all that it
// planned when it succeeded.
func (j *journal) changed(run Run) error {
	if run.Status != Applied {
		return nil
	}
	data, err := j.tx.Blob(blobKey(run.ID, "plan"))
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	var plan planner.Plan
	if err := json.Unmarshal(data, &plan); err != nil {
		return fmt.Errorf("plan of run %d: %w", run.ID, err)
	}
	event := j.events[len(j.events)-1].ID
	var all []RunChange
	for _, c := range plan.Changes {
		if c.Kind != planner.KindOutput {
			all = append(all, RunChange{
				EventID: event, RunID: run.ID, Workspace: run.Workspace, Address: c.Address, Action: string(c.Action), Previous: c.PreviousAddress,
			})
		}
	}
	return j.tx.PutRunChanges(all)
}
