package server

import (
	"net/http"
	"time"

	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/audit"
	"github.com/driftlessops/driftless/workspaces"
)

// AuditView says which records there are: those after the first id, up to the second, are asked for page by page.
type AuditView struct {
	After    int64     `json:"after"`
	Until    int64     `json:"until"` // 0: there are none
	Last     int64     `json:"last"`  // id of the newest record of all
	Head     string    `json:"head"`  // its hash
	Pruned   int64     `json:"pruned,omitempty"`
	PrunedTo int64     `json:"pruned_to,omitempty"` // id of the last record that was pruned
	PrunedAt time.Time `json:"pruned_at,omitzero"`
}

// auditPage is how many records an answer holds at most.
const auditPage = 1000

// audit answers which records a stretch of time has.
func (a *API) audit(tx runner.Tx, r *http.Request) (any, error) {
	from, to, err := span(r)
	if err != nil {
		return nil, err
	}
	var v AuditView
	if v.After, v.Until, err = audit.Stretch(tx, from, to); err != nil {
		return nil, err
	}
	anchor, err := tx.EventAnchor()
	if err != nil {
		return nil, err
	}
	v.Last, v.Head = anchor.ID, anchor.Hash
	v.Pruned, v.PrunedTo, v.PrunedAt = anchor.Events, anchor.ID, anchor.At
	newest, err := tx.Events(runner.EventFilter{Limit: 1})
	if len(newest) > 0 {
		v.Last, v.Head = newest[0].ID, newest[0].Hash
	}
	return v, err
}

// auditRecords answers the next records after an id, up to another.
func (a *API) auditRecords(tx runner.Tx, r *http.Request) (any, error) {
	after, err := number(r, r.FormValue("after"))
	if err != nil {
		return nil, err
	}
	until, err := number(r, r.FormValue("until"))
	if err != nil {
		return nil, err
	}
	return audit.Page(tx, after, until, limit(r, auditPage))
}

// span reads the times of a query: RFC 3339.
func span(r *http.Request) (from, to time.Time, err error) {
	for name, at := range map[string]*time.Time{"from": &from, "to": &to} {
		if text := r.FormValue(name); text != "" {
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return from, to, runner.UserError(name + " " + text + " is not a time such as 2026-01-31T12:00:00Z")
			}
		}
	}
	return from, to, nil
}

// ChangeView is one change of a resource, with who made it and why.
type ChangeView struct {
	At           time.Time          `json:"at"`
	Address      string             `json:"address"`
	Previous     string             `json:"previous_address,omitempty"`
	Action       string             `json:"action"`
	Workspace    string             `json:"workspace"`
	Run          int64              `json:"run"`
	Result       string             `json:"result"` // the kind of the event: "applied", …
	Commit       string             `json:"commit,omitempty"`
	Actor        string             `json:"actor"` // who asked for the apply or approved it; "driftless" = nobody had to
	PullRequests []runner.PullFacts `json:"pull_requests,omitempty"`
	PlanDigest   string             `json:"plan_digest,omitempty"`
	Record       int64              `json:"record"` // of the audit log
	Hash         string             `json:"hash"`
}

// history answers who changed a resource, and when: newest first.
func (a *API) history(tx runner.Tx, r *http.Request) (any, error) {
	from, to, err := span(r)
	if err != nil {
		return nil, err
	}
	changes, err := tx.RunChanges(runner.ChangeFilter{
		Address: r.FormValue("address"), Workspace: workspaces.ID(r.FormValue("workspace")), Since: from, Until: to, Limit: limit(r, 1000),
	})
	if err != nil {
		return nil, err
	}
	all, events := make([]ChangeView, 0, len(changes)), map[int64]runner.Event{}
	for _, c := range changes {
		e, ok := events[c.EventID]
		if !ok {
			found, err := tx.Events(runner.EventFilter{After: c.EventID - 1, Before: c.EventID + 1})
			if err != nil {
				return nil, err
			}
			for _, e = range found {
				events[c.EventID] = e
			}
		}
		all = append(all, changeView(c, e))
	}
	return all, nil
}

func changeView(c runner.RunChange, e runner.Event) ChangeView {
	facts := runner.FactsOf(e)
	v := ChangeView{
		At: e.At, Address: c.Address, Previous: c.Previous, Action: c.Action, Workspace: string(c.Workspace), Run: c.RunID, Result: e.Kind,
		Commit: e.Commit, Actor: e.Actor, PullRequests: facts.PullRequests, Record: e.ID, Hash: e.Hash,
	}
	if facts.Run != nil {
		v.PlanDigest = facts.Run.PlanDigest
	}
	return v
}
