package planner

import "fmt"

// invocation reads one entry of action_invocations: a provider's action that the apply runs. It is an effect like any
// other, so that it is a change with a digest and nobody can add one after the review.
func (p *parser) invocation(o object) {
	name := field[string](&p.shape, o, "address")
	c := Change{
		Kind: KindAction, Address: name, Action: Invoke,
		Type: field[string](&p.shape, o, "type"), Provider: field[string](&p.shape, o, "provider_name"),
	}
	if trigger := field[object](&p.shape, o, "lifecycle_action_trigger"); trigger != nil {
		resource := field[string](&p.shape, trigger, "triggering_resource_address")
		event := field[string](&p.shape, trigger, "action_trigger_event")
		c.Address = fmt.Sprintf("%s (%s of %s)", name, event, resource)
	}
	if p.err != nil {
		return
	}
	for n, address := 2, c.Address; p.keys[c.Key()]; n++ { // the same action may run more than once
		c.Address = fmt.Sprintf("%s #%d", address, n)
	}
	r := resourceChange{
		address: c.Address, actions: []string{string(Invoke)}, action: Invoke,
		node: newNode(nil, o["config_values"], o["config_unknown"], nil, o["config_sensitive"]).byAttribute(),
	}
	p.add(c, r, digestHead{Provider: c.Provider}, "")
}
