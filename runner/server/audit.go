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
	PrunedAs string    `json:"pruned_hash,omitempty"` // hash of that record
	Lost     bool      `json:"lost,omitempty"`        // there is no record, although there were runs
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
	v.Pruned, v.PrunedTo, v.PrunedAt, v.PrunedAs = anchor.Events, anchor.ID, anchor.At, anchor.Hash
	newest, err := tx.Events(runner.EventFilter{Limit: 1})
	if len(newest) > 0 {
		v.Last, v.Head = newest[0].ID, newest[0].Hash
	} else if err == nil {
		var runs []runner.Run
		runs, err = tx.Runs(runner.RunFilter{Limit: 1})
		v.Lost = len(runs) > 0
	}
	return v, err
}

// ChangesView says whether what is listed by address agrees with the records up to one.
type ChangesView struct {
	Until    int64    `json:"until"` // 0: to the end
	Problems []string `json:"problems,omitempty"`
}

// auditChanges compares what is listed by address for the next records after an id with what they say.
func (a *API) auditChanges(tx runner.Tx, r *http.Request) (any, error) {
	after, err := number(r, r.FormValue("after"))
	if err != nil {
		return nil, err
	}
	var v ChangesView
	v.Problems, v.Until, err = audit.Changes(tx, after, auditPage)
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
	Differs      bool               `json:"differs,omitempty"` // the record says something else: the list by address was changed
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
	all, records := make([]ChangeView, 0, len(changes)), map[int64]recorded{}
	for _, c := range changes {
		if _, ok := records[c.EventID]; !ok {
			if records[c.EventID], err = recordedAs(tx, c.EventID); err != nil {
				return nil, err
			}
		}
		all = append(all, changeView(c, records[c.EventID]))
	}
	return all, nil
}

// recorded is the event that says how an apply ended, and whether what is listed by address for it is something else.
type recorded struct {
	runner.Event
	differs bool
}

func recordedAs(tx runner.Tx, id int64) (r recorded, err error) {
	found, err := tx.Events(runner.EventFilter{After: id - 1, Before: id + 1})
	if err != nil || len(found) == 0 {
		return recorded{differs: true}, err
	}
	all, err := tx.RunChanges(runner.ChangeFilter{After: id - 1, Before: id + 1})
	return recorded{found[0], found[0].Differs(all)}, err
}

func changeView(c runner.RunChange, e recorded) ChangeView {
	facts := runner.FactsOf(e.Event)
	v := ChangeView{
		At: e.At, Address: c.Address, Previous: c.Previous, Action: c.Action, Workspace: string(c.Workspace), Run: c.RunID, Result: e.Kind,
		Commit: e.Commit, Actor: e.Actor, PullRequests: facts.PullRequests, Record: c.EventID, Hash: e.Hash, Differs: e.differs,
	}
	if facts.Run != nil {
		v.PlanDigest = facts.Run.PlanDigest
	}
	return v
}
