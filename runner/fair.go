package runner

import (
	"cmp"

	"github.com/driftlessops/driftless/workspaces"
)

// busy is what is under way, by whom it is for.
type busy struct {
	repositories map[string]int
	subjects     map[Waiting]int        // by repository and pull request, without an ID
	held         map[workspaces.ID]bool // workspaces that a run holds
	runs         []Run
}

func newBusy(runs []Run) *busy {
	b := &busy{repositories: map[string]int{}, subjects: map[Waiting]int{}, held: map[workspaces.ID]bool{}, runs: runs}
	for _, run := range runs {
		b.repositories[run.Repository]++
		b.subjects[Waiting{Repository: run.Repository, PullID: run.PullID}]++
		if run.Purpose != PurposePlan {
			b.held[run.Workspace] = true
		}
	}
	return b
}

// inTurn says which of two runs of the same priority starts first: that of the repository with the fewest runs under way, then
// that of the pull request, or of the tracked branch, with the fewest, then the older one. So whoever asks for little waits for
// one run to end, and not for all that somebody else asked for before.
func (b *busy) inTurn(x, y Waiting) int {
	return cmp.Or(
		b.repositories[x.Repository]-b.repositories[y.Repository],
		b.subjects[Waiting{Repository: x.Repository, PullID: x.PullID}]-b.subjects[Waiting{Repository: y.Repository, PullID: y.PullID}],
		cmp.Compare(x.ID, y.ID),
	)
}
