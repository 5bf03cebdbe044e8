package planner

import (
	"cmp"
	"slices"
	"strings"
)

// The kinds of changes.
const (
	KindResource = "resource"
	KindAction   = "action" // a provider's action that runs (Terraform 1.14)
	KindOutput   = "output"
)

// Change is one resource or output change of a plan. No-ops and reads are not changes, unless they move, import or forget.
type Change struct {
	Kind            string       `json:"kind"`    // "resource", "output" or "action"
	Address         string       `json:"address"` // of an output: "output.NAME"
	PreviousAddress string       `json:"previous_address,omitempty"`
	Deposed         string       `json:"deposed,omitempty"`
	Importing       string       `json:"importing,omitempty"` // import id, or the JSON of the identity
	Type            string       `json:"type,omitempty"`
	Provider        string       `json:"provider,omitempty"`
	Action          Action       `json:"action"`
	Reason          string       `json:"reason,omitempty"` // action_reason, for people; not part of the digest
	Paths           []PathChange `json:"paths,omitempty"`
	Unchanged       int          `json:"unchanged,omitempty"` // attributes that have a value and keep it
	Digest          string       `json:"digest"`              // the change digest
	Cause           Cause        `json:"cause,omitempty"`     // set for drift plans
}

// PathChange is one changed attribute. Before and After are what a reader may see: JSON text, "(sensitive value)" or
// "(known after apply)". A list of which more than one element differs is one PathChange with the whole list.
type PathChange struct {
	Path      string `json:"path"`             // "tags.env", "rule[0].port", `tags["a b"]`; of an output: "value" and below
	Before    string `json:"before,omitempty"` // compact JSON; "" = absent
	After     string `json:"after,omitempty"`
	Sensitive bool   `json:"sensitive,omitempty"`
	Unknown   bool   `json:"unknown,omitempty"`  // after is known only after the apply
	Forces    bool   `json:"forces,omitempty"`   // forces replacement
	Volatile  bool   `json:"volatile,omitempty"` // not part of the digest
}

// Key tells the changes of a plan apart: kind, address and deposed key.
func (c Change) Key() string {
	key := c.Kind + " " + c.Address
	if c.Deposed != "" {
		key += " (deposed " + c.Deposed + ")"
	}
	return key
}

// sortChanges brings changes into the order that Plan.Changes promises.
func sortChanges(changes []Change) {
	kinds := []string{KindResource, KindAction, KindOutput}
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(a.Action.risk(), b.Action.risk()),
			strings.Compare(a.Address, b.Address),
			strings.Compare(a.Deposed, b.Deposed),
		)
	})
}
