package runner

import (
	"fmt"

	"github.com/driftlessops/driftless/workspaces"
)

// StateWaits begins the reason of a run that is held because a state that an engine could not write waits for a person.
const StateWaits = "a rescued state waits: "

// Next says what a person can do about a state that waits.
func (r Rescued) Next() string {
	look, push := fmt.Sprintf("driftless state pull --run %d", r.RunID), fmt.Sprintf("driftless state push --run %d", r.RunID)
	if r.File != "" {
		look, push = "driftless state rescued", fmt.Sprintf("driftless state push %s %s", orElse(string(r.Workspace), "WORKSPACE"), r.File)
	}
	return fmt.Sprintf("look at it (`%s`); then `%s` makes it the newest one, or, if nobody needs it, `driftless state settle %d` says so", look, push, r.RunID)
}

// waiting are the states of a workspace that wait for a person, the newest first; what is kept in files comes last.
func (c *Commander) waiting(tx Tx, id workspaces.ID) (waits []Rescued, err error) {
	runs, err := leftBehind(tx)
	if err != nil {
		return nil, err
	}
	for _, runID := range runs {
		if run, err := tx.Run(runID); err != nil || run.Workspace != id {
			if ignoreMissing(err) != nil {
				return nil, err
			}
			continue
		}
		if open, err := Rescues(tx, runID); err != nil {
			return nil, err
		} else if !open {
			continue
		}
		one := Rescued{RunID: runID}
		if err := one.look(tx); err != nil {
			return nil, err
		}
		waits = append(waits, one)
	}
	files, err := c.rescuedFiles(tx)
	for _, one := range files {
		if one.Waiting && one.Workspace == id {
			waits = append(waits, one)
		}
	}
	return waits, err
}

// stateWaits says that nothing may be applied to a workspace because of a state that waits, and what to do; "" = none does. What that
// state knows, and the newest one does not, an apply would make a second time.
func (c *Commander) stateWaits(tx Tx, id workspaces.ID) (string, error) {
	waits, err := c.waiting(tx, id)
	if err != nil || len(waits) == 0 {
		return "", err
	}
	more := ""
	if n := len(waits) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more: `driftless state rescued`)", n)
	}
	return fmt.Sprintf("%srun %d left one behind that nobody took over%s, and what it knows an apply from the newest one may make a second time. Nothing is applied until that is settled: %s",
		StateWaits, waits[0].RunID, more, waits[0].Next()), nil
}

// noneWaits refuses an approval as long as a state waits.
func (c *Commander) noneWaits(tx Tx, run Run) error {
	why, err := c.stateWaits(tx, run.Workspace)
	if err == nil && why != "" {
		err = userError(fmt.Sprintf("run %d cannot be approved yet: %s", run.ID, why))
	}
	return err
}

// planHeldAnew lets what is held of a workspace be planned again: a state came to wait, or does so no more.
func planHeldAnew(j *journal, id workspaces.ID) error {
	newest, err := j.tx.Runs(RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Tracked: true, Limit: 1})
	if err != nil || len(newest) == 0 || newest[0].Status != Held {
		return err
	}
	rec, err := j.tx.Workspace(id)
	if err != nil {
		return ignoreMissing(err)
	}
	rec.Prior.ReplacedAfter = max(rec.Prior.ReplacedAfter, newest[0].ID)
	return putIfChanged(j, rec)
}
