package github

import (
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// gateOf is the gate of an owner's repositories. GitHub counts the requests of each installation of an App by themselves, and an
// owner has one: what one of them used up does not pause the others.
func (a *Account) gateOf(owner string) *forge.Gate {
	if a.opts.App == nil || owner == "" {
		return a.gate
	}
	owner = strings.ToLower(owner)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.owners[owner] == nil {
		a.owners[owner] = a.gate.Beside()
	}
	return a.owners[owner]
}

// Budget implements forge.Account: of several, the one that is paused longest or has least left.
func (a *Account) Budget() forge.Budget {
	least := a.gate.Budget()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, gate := range a.owners {
		if b := gate.Budget(); scarcer(b, least) {
			least = b
		}
	}
	return least
}

func scarcer(a, b forge.Budget) bool {
	switch {
	case !a.Paused.Equal(b.Paused):
		return a.Paused.After(b.Paused)
	case a.Limit == 0 || b.Limit == 0:
		return a.Limit > 0
	}
	return a.Remaining < b.Remaining
}
