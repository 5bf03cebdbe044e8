package runner

import (
	"errors"
	"slices"

	"github.com/driftlessops/driftless/workspaces"
)

// answers are the runs by which it is decided what the tracked branch makes due, of all workspaces of a repository: a look
// at thousands takes as few questions as one at a few.
type answers struct {
	known   map[workspaces.ID]bool  // workspaces that are on record: what is not here has no runs
	applies map[workspaces.ID][]Run // newest first: what may still come of an apply, and the last one that counts
	newest  map[workspaces.ID]Run   // of any purpose
}

// counted are the statuses of applies that say something about what is wanted: all but those that were overtaken.
var counted = []Status{Queued, Planning, Planned, Unchanged, Blocked, Held, Ready, Applying, Applied, Failed, Canceled, Interrupted}

// unsettled are the statuses of applies of which something may still come, or nobody knows what did.
var unsettled = []Status{Queued, Planning, Planned, Blocked, Held, Ready, Applying, Interrupted}

func allAnswers(tx *remembering, repository string) (*answers, error) {
	applies := []Purpose{PurposeApply}
	open, err := tx.Runs(RunFilter{Repository: repository, Purposes: applies, Statuses: unsettled})
	last, failed := tx.NewestRuns(RunFilter{Repository: repository, Tracked: true, Purposes: applies, Statuses: counted})
	newest, missed := tx.NewestRuns(RunFilter{Repository: repository, Tracked: true, Purposes: trackedPurposes})
	if err = errors.Join(err, failed, missed); err != nil {
		return nil, err
	}
	s := &answers{known: map[workspaces.ID]bool{}, applies: map[workspaces.ID][]Run{}, newest: map[workspaces.ID]Run{}}
	for id := range tx.records {
		s.known[id] = true
	}
	all := append(open, last...)
	slices.SortFunc(all, func(a, b Run) int { return int(b.ID - a.ID) })
	all = slices.CompactFunc(all, func(a, b Run) bool { return a.ID == b.ID })
	for _, run := range all {
		s.applies[run.Workspace] = append(s.applies[run.Workspace], run)
	}
	for _, run := range newest {
		s.newest[run.Workspace] = run
	}
	return s, nil
}

// of are the applies of a workspace, and its newest run for any purpose; its ID is 0 when there is none.
func (s *answers) of(tx Tx, id workspaces.ID) (applies []Run, newest Run, err error) {
	if s.known[id] {
		return s.applies[id], s.newest[id], nil
	}
	applies, err = trackedApplies(tx, id) // renamed just now
	if err != nil {
		return nil, newest, err
	}
	all, err := tx.Runs(RunFilter{Workspace: id, Tracked: true, Purposes: trackedPurposes, Limit: 1})
	if len(all) > 0 {
		newest = all[0]
	}
	return applies, newest, err
}
