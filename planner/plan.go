// Package planner says what would change: it plans a workspace and turns the engine's plan into a Plan, a value
// with a summary, redacted JSON, change digests and drift causes, that holds no sensitive value.
package planner

import (
	"context"
	"encoding/json"

	"github.com/driftlessops/driftless/planner/engine"
)

// Action is what happens to one object, named as Terraform names it.
type Action string

// The actions, riskiest first.
const (
	Replace Action = "replace"
	Delete  Action = "delete"
	Forget  Action = "forget"
	Update  Action = "update"
	Create  Action = "create"
	Import  Action = "import" // import without any other change
	Move    Action = "move"   // move without any other change
	Read    Action = "read"
	NoOp    Action = "no-op"
)

// Summary counts what a plan does. An imported or moved resource that also changes counts under both.
type Summary struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Import  int `json:"import"`
	Move    int `json:"move"`
	Forget  int `json:"forget"`
	Outputs int `json:"outputs"` // changed outputs
}

// Empty reports whether nothing would change.
func (s Summary) Empty() bool { return s == Summary{} }

// String is one line such as "1 to create, 2 to update, 1 to replace".
func (s Summary) String() string { panic("todo") }

// Cause is why a workspace drifted.
type Cause string

// The causes of drift.
const (
	External Cause = "external" // in resource_drift and relevant
	Upstream Cause = "upstream" // a data source or another workspace's output
	Unknown  Cause = "unknown"
)

// Change is one resource or output change of a plan. No-ops and reads are not changes, unless they move, import or forget.
type Change struct {
	Kind            string       `json:"kind"` // "resource" or "output"
	Address         string       `json:"address"`
	PreviousAddress string       `json:"previous_address,omitempty"`
	Deposed         string       `json:"deposed,omitempty"`
	Importing       string       `json:"importing,omitempty"`
	Type            string       `json:"type,omitempty"`
	Provider        string       `json:"provider,omitempty"`
	Action          Action       `json:"action"`
	Reason          string       `json:"reason,omitempty"` // action_reason, for people; not part of the digest
	Paths           []PathChange `json:"paths,omitempty"`
	Digest          string       `json:"digest"`          // the change digest
	Cause           Cause        `json:"cause,omitempty"` // set for drift plans
}

// PathChange is one changed attribute. Before and After are what a reader may see: JSON text, "(sensitive value)" or
// "(known after apply)".
type PathChange struct {
	Path      string `json:"path"`             // "tags.env", "rule[0].port"
	Before    string `json:"before,omitempty"` // compact JSON; "" = absent
	After     string `json:"after,omitempty"`
	Sensitive bool   `json:"sensitive,omitempty"`
	Unknown   bool   `json:"unknown,omitempty"` // after is known only after the apply
	Forces    bool   `json:"forces,omitempty"`  // forces replacement
}

// DriftedObject is one object that changed outside of the engine, whether or not the plan does anything about it.
type DriftedObject struct {
	Address string       `json:"address"`
	Action  Action       `json:"action"` // update or delete
	Paths   []PathChange `json:"paths,omitempty"`
}

// Plan is the result of planning. It holds no sensitive value.
type Plan struct {
	Engine   string          `json:"engine"` // "terraform 1.11.4"
	Summary  Summary         `json:"summary"`
	Changes  []Change        `json:"changes"` // riskiest action first, then by address
	Digest   string          `json:"digest"`  // of the set of change digests
	Drift    []DriftedObject `json:"drift,omitempty"`
	Volatile []string        `json:"volatile,omitempty"` // changed paths left out of the digests
	Warnings []string        `json:"warnings,omitempty"`
	Errored  bool            `json:"errored,omitempty"`
	JSON     json.RawMessage `json:"-"` // redacted plan JSON, as policies and users see it
	Secrets  []string        `json:"-"` // sensitive values found, for masking; never leaves the process
	File     string          `json:"-"` // plan file, in the run's own directory
}

// Digests returns the change digests by change key (kind, address and deposed key).
func (p *Plan) Digests() map[string]string { panic("todo") }

// ParseOptions of Parse.
type ParseOptions struct {
	Key      []byte   // the installation's HMAC key for sensitive values
	Checkout string   // absolute root of the checkout: replaced by a token in digests and in what people see
	Volatile []string // see workspaces.Workspace.Volatile
	Engine   string
	Drift    bool // classify causes
}

// Parse turns the engine's plan JSON (with sensitive values) into a Plan. It is pure.
func Parse(raw []byte, opts ParseOptions) (*Plan, error) { panic("todo") }

// Request is one plan that is to be made.
type Request struct {
	Root    *engine.Root
	Options engine.PlanOptions
	Parse   ParseOptions
}

// Make plans with the engine, and reads the result.
func Make(ctx context.Context, req Request) (*Plan, error) { panic("todo") }

// Diff writes the change for people as a unified-diff-like text: "+", "-", "~"-style lines whose first column is what a
// Markdown diff fence colours. Long strings, JSON and multi-line text are diffed by line. It is linear in the size of the change.
func (c Change) Diff() string { panic("todo") }
