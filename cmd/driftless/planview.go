package main

import (
	"github.com/driftlessops/driftless/planner"
	"github.com/driftlessops/driftless/policy"
	"github.com/driftlessops/driftless/runner/report"
)

// planned is what `driftless plan -o json` prints.
type planned struct {
	Repository string             `json:"repository"`
	Branch     string             `json:"branch"`      // what it was compared with
	Base       string             `json:"base"`        // the commit of it
	Head       string             `json:"head"`        // of the work tree
	Edited     bool               `json:"uncommitted"` // the work tree differs from head
	Error      string             `json:"error,omitempty"`
	Notices    []string           `json:"notices"`
	Orphans    []string           `json:"orphans"` // workspaces whose directories are removed
	Workspaces []plannedWorkspace `json:"workspaces"`
}

// plannedWorkspace is one workspace that the work tree changes.
type plannedWorkspace struct {
	Workspace string          `json:"workspace"`
	Status    string          `json:"status"` // ready, unchanged, blocked or failed
	Reason    string          `json:"reason,omitempty"`
	Failure   string          `json:"failure,omitempty"` // what the engine printed
	OnMerge   string          `json:"on_merge,omitempty"`
	Seconds   float64         `json:"seconds"`
	Plan      *planner.Plan   `json:"plan,omitempty"`
	Policy    *policy.Verdict `json:"policy,omitempty"`
}

func plannedView(doc report.Document, edited bool) planned {
	p := planned{
		Repository: doc.Repository, Branch: doc.Branch, Base: doc.Base, Head: doc.Head, Edited: edited, Error: doc.Error,
		Notices: append([]string{}, doc.Notices...), Orphans: append([]string{}, doc.Orphans...), Workspaces: []plannedWorkspace{},
	}
	for _, row := range doc.Rows {
		p.Workspaces = append(p.Workspaces, plannedWorkspace{
			Workspace: row.Workspace, Status: row.Status, Reason: row.Reason, Failure: row.Failure, OnMerge: row.OnMerge,
			Seconds: row.Duration.Seconds(), Plan: row.Plan, Policy: row.Verdict,
		})
	}
	return p
}
