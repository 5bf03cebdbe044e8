package planner

import (
	"fmt"
	"strings"
)

// resourceChange is one entry of resource_changes, resource_drift or output_changes.
type resourceChange struct {
	address, previous, deposed, module, mode, kind, name, provider, reason string

	actions   []string
	action    Action
	node      node
	replace   []string // paths that force replacement
	importing object
}

// readResourceChange reads one entry.
func readResourceChange(s *shape, o object) resourceChange {
	r := resourceChange{
		address:  field[string](s, o, "address"),
		previous: field[string](s, o, "previous_address"),
		deposed:  field[string](s, o, "deposed"),
		module:   field[string](s, o, "module_address"),
		mode:     field[string](s, o, "mode"),
		kind:     field[string](s, o, "type"),
		name:     field[string](s, o, "name"),
		provider: field[string](s, o, "provider_name"),
		reason:   field[string](s, o, "action_reason"),
	}
	if r.previous == r.address {
		r.previous = ""
	}
	if r.address == "" && s.err == nil {
		s.err = fmt.Errorf("address is missing")
	}
	change := field[object](s, o, "change")
	// Both must be objects or null.
	field[object](s, change, "before")
	field[object](s, change, "after")
	r.change(s, change)
	r.node = r.node.byAttribute()
	return r
}

// change reads what resources and outputs have in common.
func (r *resourceChange) change(s *shape, o object) {
	for i, v := range field[[]any](s, o, "actions") {
		r.actions = append(r.actions, element[string](s, "actions", i, v))
	}
	for _, steps := range field[[]any](s, o, "replace_paths") {
		r.replace = append(r.replace, stepsPath(steps))
	}
	r.importing = field[object](s, o, "importing")
	r.node = newNode(o["before"], o["after"], o["after_unknown"], o["before_sensitive"], o["after_sensitive"])
	if s.err == nil {
		r.action, s.err = actionOf(r.actions)
	}
}

// planned reports whether the entry is a change at all.
func (r *resourceChange) planned() bool {
	return r.action != NoOp && r.action != Read || r.previous != "" || r.importing != nil
}

// forgets reports whether an object leaves the state without being destroyed.
func (r *resourceChange) forgets() bool {
	for _, a := range r.actions {
		if a == string(Forget) {
			return true
		}
	}
	return false
}

// shown is the action that people see.
func (r *resourceChange) shown() Action {
	switch {
	case r.action != NoOp && r.action != Read:
		return r.action
	case r.importing != nil:
		return Import
	case r.previous != "":
		return Move
	}
	return r.action
}

// importID is what is imported: the id, or the JSON of the identity.
func (r *resourceChange) importID(s *secrets) string {
	if r.importing == nil {
		return ""
	}
	if id, ok := r.importing["id"].(string); ok && id != "" {
		if hidden, ok := s.hide(id).(marker); ok {
			return string(hidden)
		}
		return s.hide(id).(string)
	}
	if identity := r.importing["identity"]; identity != nil {
		return s.text(identity, nil, nil)
	}
	return string(knownAfterApply)
}

// configAddress is where the resource is configured: the address without instance keys.
func (r *resourceChange) configAddress() configAddress {
	name := r.kind + "." + r.name
	if r.mode == "data" {
		name = "data." + name
	}
	return configAddress{strings.Join(modulePath(r.module), "."), name}
}
