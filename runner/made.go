package runner

import (
	"fmt"
	"slices"

	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/planner/engine"
)

// mostMade is how many resources are named that may have been made. Beyond it whatever a plan changes is held.
const mostMade = 1000

// made notes what an apply that did not end well had created, or begun to. Whatever became of its state: none of it is created a
// second time unless a person says so.
func made(jr *journal, run Run, steps []engine.Step) error {
	rec, err := jr.tx.Workspace(run.Workspace)
	if err != nil {
		return ignoreMissing(err)
	}
	anew, gone := madeBy(steps)
	rec.Prior.Made = slices.DeleteFunc(rec.Prior.Made, func(address string) bool { return gone[address] })
	if err := rec.mayBeThere(jr.tx, run, anew); err != nil {
		return err
	}
	if run.Status == Interrupted && len(anew) > 0 {
		if err := rec.mayBeReplaced(jr.tx, run, anew); err != nil {
			return err
		}
	}
	return putIfChanged(jr, rec)
}

// madeBy is what an apply created, or began to, and what it destroyed and did not create again.
func madeBy(steps []engine.Step) (anew []string, gone map[string]bool) {
	created := map[string]bool{}
	gone = map[string]bool{}
	for _, s := range steps {
		switch {
		case s.Action == string(planner.Create) && (!s.Ended || !s.Failed):
			anew, created[s.Address] = append(anew, s.Address), true
			delete(gone, s.Address)
		case s.Action == string(planner.Delete) && s.Ended && !s.Failed && !created[s.Address]: // else the one that was replaced
			gone[s.Address] = true
		}
	}
	return anew, gone
}

// lost leaves all that a run was to create in doubt, when nobody says any more how its apply ended: a person is to see what is
// planned next before it is applied.
func lost(jr *journal, run Run) error {
	rec, err := jr.tx.Workspace(run.Workspace)
	if err != nil {
		return ignoreMissing(err)
	}
	replaced := rec.Prior.Replaced
	plan, err := loadPlan(jr.tx, run.ID)
	if err == nil {
		err = rec.mayBeThere(jr.tx, run, createdBy(plan))
	}
	if ignoreMissing(err) != nil {
		return err
	}
	why := fmt.Sprintf("nobody said how the apply of run %d ended, and what it made is not known", run.ID)
	if err := rec.distrust(jr.tx, orElse(replaced, why)); err != nil {
		return err
	}
	return putIfChanged(jr, rec)
}

// createdBy is what a plan creates, also in the place of something.
func createdBy(plan *planner.Plan) (all []string) {
	for _, c := range plan.Changes {
		if c.Kind == planner.KindResource && (c.Action == planner.Create || c.Action == planner.Replace) {
			all = append(all, c.Address)
		}
	}
	return all
}

// mayBeThere notes what a run may have created.
func (rec *Workspace) mayBeThere(tx Tx, run Run, addresses []string) error {
	named := map[string]bool{}
	for _, address := range rec.Prior.Made {
		named[address] = true
	}
	for _, address := range addresses {
		if named[address] {
			continue
		}
		if len(rec.Prior.Made) >= mostMade {
			return rec.distrust(tx, fmt.Sprintf("run %d did not end well, and created more than is kept on record of that: the state may not know all of it", run.ID))
		}
		named[address] = true
		rec.Prior.Made = append(rec.Prior.Made, address)
	}
	return nil
}

// mayBeReplaced holds what is planned next when a run may have created successors of what it replaces: the state knows the old ones by
// the same addresses, also where those are gone, and a plan from it replaces them once more.
func (rec *Workspace) mayBeReplaced(tx Tx, run Run, anew []string) error {
	plan, err := loadPlan(tx, run.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, c := range plan.Changes {
		if c.Kind == planner.KindResource && c.Action == planner.Replace && slices.Contains(anew, c.Address) {
			return rec.distrust(tx, fmt.Sprintf("run %d was interrupted when it replaced %s: the new one may be there, and the state may not know it", run.ID, c.Address))
		}
	}
	return nil
}
