package runner

import (
	"cmp"
	"slices"
	"sync"

	"github.com/driftlessops/driftless/workspaces"
)

// busy is what is under way, whoever works on it.
type busy struct {
	held map[workspaces.ID]bool // workspaces that a run holds
	runs []Run
}

func newBusy(runs []Run) *busy {
	b := &busy{held: map[workspaces.ID]bool{}, runs: runs}
	for _, run := range runs {
		if run.Purpose != PurposePlan {
			b.held[run.Workspace] = true
		}
	}
	return b
}

// party is whom a run is for: a pull request or a tracked branch, or all of a repository.
type party struct {
	repository string
	pull       int64
}

const wholeRepository = -1

// partiesOf are those of a run, the larger one first.
func partiesOf(repository string, pull int64) [2]party {
	return [2]party{{repository, wholeRepository}, {repository, pull}}
}

// served remembers who was served when by this process: what is under way says nothing of that where there is room for one run alone.
type served struct {
	mu   sync.Mutex
	n    int64
	last map[party]int64
}

// mostServed is how many parties are remembered; all are forgotten when there are more, which costs somebody one turn.
const mostServed = 10_000

// note notes that a run begins.
func (s *served) note(run Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || len(s.last) > mostServed {
		s.last = map[party]int64{}
	}
	s.n++
	for _, whose := range partiesOf(run.Repository, run.PullID) {
		s.last[whose] = s.n
	}
}

// inTurn sorts queued runs in the order in which they start, given what this process does for runs of their purposes: the next is of
// the repository with the fewest under way, of several of the one that was served longest ago; in the same manner of one of its pull
// requests, or its tracked branch; and of these runs it is the oldest. So whoever asks for little waits for one run to end, and not
// for all that somebody else asked for before.
func (s *served) inTurn(queue []Waiting, own []Run) {
	under := map[party]int{}
	for _, run := range own {
		for _, whose := range partiesOf(run.Repository, run.PullID) {
			under[whose]++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(queue, func(x, y Waiting) int {
		a, b := partiesOf(x.Repository, x.PullID), partiesOf(y.Repository, y.PullID)
		for i := range a {
			if c := cmp.Or(under[a[i]]-under[b[i]], cmp.Compare(s.last[a[i]], s.last[b[i]])); c != 0 {
				return c
			}
		}
		return cmp.Compare(x.ID, y.ID)
	})
}
