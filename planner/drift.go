package planner

import (
	"cmp"
	"slices"
	"strings"
)

// DriftedObject is one object that changed outside of the engine, whether or not the plan does anything about it.
type DriftedObject struct {
	Address string       `json:"address"`
	Action  Action       `json:"action"` // update or delete
	Paths   []PathChange `json:"paths,omitempty"`
}

// drifted is what a cause needs to know of a drifted object.
type drifted struct {
	resourceChange
	leaves []leaf
}

// drift reads resource_drift. Objects that only moved have not drifted.
func (p *parser) drift() []drifted {
	var all []drifted
	p.each(p.root, "resource_drift", func(o object) {
		r := readResourceChange(&p.shape, o)
		if p.err != nil || r.action == NoOp || r.action == Read {
			return
		}
		w := walk{secrets: &p.secrets}
		w.visit("", r.node, 0)
		p.plan.Drift = append(p.plan.Drift, DriftedObject{Address: r.address, Action: r.action, Paths: w.paths})
		all = append(all, drifted{r, w.leaves})
	})
	slices.SortStableFunc(p.plan.Drift, func(a, b DriftedObject) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), cmp.Compare(a.Action.risk(), b.Action.risk()))
	})
	return all
}
