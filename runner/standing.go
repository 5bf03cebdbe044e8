package runner

import (
	"slices"

	"github.com/driftlessops/driftless/workspaces"
)

// standing is what the store knows of the workspaces of a pull request. It is read at once: a query for each workspace would
// make the report of hundreds of them slow.
type standing struct {
	pull    Pull
	held    []workspaces.ID // that it touches, and that it was applied to before its merge
	plans   map[workspaces.ID][]Run
	applies map[workspaces.ID][]Run // those that comments on it asked for
	known   map[workspaces.ID]Workspace
}

// standingOf reads how the workspaces of a pull request stand. Runs are newest first.
func standingOf(tx Tx, pull Pull) (*standing, error) {
	plans := RunFilter{PullID: pull.ID, Purposes: []Purpose{PurposePlan}}
	if pull.State == Open { // what other plans took the place of says nothing any more
		plans.Statuses = []Status{Queued, Planning, Planned, Unchanged, Blocked, Held, Ready, Applying, Applied, Failed, Canceled, Interrupted}
	}
	planned, err := tx.Runs(plans)
	if err != nil {
		return nil, err
	}
	applied, err := tx.Runs(RunFilter{PullID: pull.ID, Purposes: []Purpose{PurposeApply}})
	if err != nil {
		return nil, err
	}
	s := &standing{pull: pull, held: heldBy(pull, applied), plans: byWorkspace(planned), applies: byWorkspace(applied)}
	s.known, err = workspacesOf(tx, s.held)
	return s, err
}

// touched are the workspaces that a report is about. Of a pull request that left they are those that it was applied to as
// well: its last commit need not have touched them any more.
func (s *standing) touched() []workspaces.ID {
	if s.pull.State == Open {
		return s.pull.Affected
	}
	return s.held
}

// apply finds the run that applies a pull request's changes to a workspace, given the plan that stands for it.
func (s *standing) apply(tx Tx, id workspaces.ID, plan Run) (found Run, ok bool, err error) {
	own := s.applies[id]
	tracked := RunFilter{Workspace: id, Purposes: []Purpose{PurposeApply}, Limit: 200}
	switch s.pull.State {
	case Open:
		found, ok = applyBeforeMerge(own, s.pull, plan)
	case Closed:
		if len(own) == 0 {
			return found, false, nil // nothing of it was applied
		}
		tracked.After = own[len(own)-1].ID - 1
		runs, err := tx.Runs(tracked)
		if err != nil {
			return found, false, err
		}
		found, ok = takenBack(runs, s.pull)
	default:
		tracked.After = plan.ID
		runs, err := tx.Runs(tracked)
		if err != nil {
			return found, false, err
		}
		before := slices.DeleteFunc(slices.Clone(own), func(r Run) bool { return r.ID > plan.ID })
		found, ok = applyAfterMerge(append(runs, before...), s.pull, plan)
	}
	return found, ok, nil
}

func byWorkspace(runs []Run) map[workspaces.ID][]Run {
	all := map[workspaces.ID][]Run{}
	for _, run := range runs {
		all[run.Workspace] = append(all[run.Workspace], run)
	}
	return all
}

// idBatch is how many records are asked for at a time by what each has of its own: statements have a limit.
const idBatch = 500

// workspacesOf reads the records of workspaces. Those that have none are left out.
func workspacesOf(tx Tx, ids []workspaces.ID) (map[workspaces.ID]Workspace, error) {
	all := make(map[workspaces.ID]Workspace, len(ids))
	for some := range slices.Chunk(ids, idBatch) {
		records, err := tx.Workspaces(WorkspaceFilter{IDs: some})
		if err != nil {
			return nil, err
		}
		for _, rec := range records {
			all[rec.ID] = rec
		}
	}
	return all, nil
}
