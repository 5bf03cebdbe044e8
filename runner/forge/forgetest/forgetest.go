// Package forgetest is the contract of forge.Account and forge.Host as a suite of tests. Every driver must pass it, against
// the forge that test/forges plays.
package forgetest

import (
	"context"
	"net/http"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/test/forges"
)

// Fixture is a driver in front of a World of its own.
type Fixture struct {
	World *World
	// Login is whose comments are driftless's own. It may do everything that driftless asks for.
	Login string
	// Account is signed in as Login.
	Account forge.Account
	// SignIn returns another account, with a token.
	SignIn func(token func(ctx context.Context) (string, error)) forge.Account
	// Full is a token of Login's that may do everything. Reader may read and write nothing; Write is what its refusals name.
	Full, Reader forges.Token
	Write        string
	// Deliver makes the webhook by which the forge tells of an event.
	Deliver func(e forges.Event, secret string) (header http.Header, body []byte, ok bool)
	// Page is the most that the forge gives at once.
	Page int
	// Free says that what has not changed costs nothing of the rate limit.
	Free bool
	// Fine says that the forge knows triage and maintain, Deletes that pull requests can be deleted there.
	Fine, Deletes bool
}

// Run tests a driver. fixture makes a new one, whose World is checked at its end.
func Run(t *testing.T, fixture func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*bench){
		"pull requests":          pulls,
		"many pull requests":     manyPulls,
		"closed while listed":    closedWhileListed,
		"idle":                   idle,
		"merged":                 merged,
		"comments":               comments,
		"many comments":          manyComments,
		"comments not there yet": hiddenComments,
		"reactions":              reactions,
		"reviews":                reviews,
		"failing statuses":       failing,
		"mergeable":              mergeable,
		"branch protection":      protection,
		"merge methods":          mergeMethods,
		"merges refused":         mergesRefused,
		"statuses":               statuses,
		"check runs":             checks,
		"permissions":            permissions,
		"teams":                  teams,
		"issues":                 issues,
		"many issues":            manyIssues,
		"repositories":           repositories,
		"renamed":                renamed,
		"deleted":                deleted,
		"hooks":                  hooks,
		"rate limit":             rateLimit,
		"secondary limit":        secondaryLimit,
		"server errors":          serverErrors,
		"often broken":           oftenBroken,
		"first poll":             firstPoll,
		"unreachable":            unreachable,
		"canceled":               canceled,
		"access":                 access,
		"credentials":            credentials,
		"wrong token":            wrongToken,
		"new token":              newToken,
		"missing permission":     missingPermission,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture(t)
			t.Cleanup(func() { f.World.Check(t) })
			test(newBench(t, f))
		})
	}
}
