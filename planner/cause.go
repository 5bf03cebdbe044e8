package planner

import "strings"

// Cause is why a workspace drifted.
type Cause string

// The causes of drift.
const (
	External Cause = "external" // in resource_drift and relevant
	Upstream Cause = "upstream" // a data source or another workspace's output
	Unknown  Cause = "unknown"
)

// plannedChange is what a cause needs to know of a change.
type plannedChange struct {
	resourceChange
	leaves   []leaf
	volatile volatile
}

// causes sets the cause of every change. It is external where the drift of an object explains what is planned for it:
// the same paths, brought back to what they were; or where what is planned refers to a drifted path of another object.
// What the drift does not explain is upstream if it refers to a data source. In doubt a cause is not external, since an
// external one may be repaired without being asked about.
func (p *parser) causes(objects []drifted) {
	c := newCausality(p.root, p.changes, objects)
	for i := range p.plan.Changes {
		p.plan.Changes[i].Cause = c.cause(p.changes[i])
	}
}

// causality answers questions about one plan.
type causality struct {
	objects       map[string]drifted         // by address
	drifted       map[configAddress][]string // drifted paths by configured resource
	planned       map[configAddress]bool     // resources that change
	relevant      map[string][]string        // relevant attributes by address
	relevantData  bool                       // a data source is relevant
	relevantDrift bool                       // a drifted path is relevant
	answers       map[string]referenced
	configuration
}

func newCausality(root object, changes []plannedChange, objects []drifted) *causality {
	c := &causality{
		objects: map[string]drifted{}, drifted: map[configAddress][]string{}, planned: map[configAddress]bool{},
		relevant: map[string][]string{}, answers: map[string]referenced{},
		configuration: newConfiguration(root["configuration"]),
	}
	for _, o := range objects {
		c.objects[o.address] = o
		at := o.configAddress()
		for _, l := range o.leaves {
			c.drifted[at] = append(c.drifted[at], l.path)
		}
	}
	for _, change := range changes {
		c.planned[change.configAddress()] = true
	}
	relevant, _ := root["relevant_attributes"].([]any)
	for _, v := range relevant {
		o, _ := v.(object)
		address, _ := o["resource"].(string)
		c.relevant[address] = append(c.relevant[address], stepsPath(o["attribute"]))
		if strings.HasPrefix(localAddress(address), "data.") {
			c.relevantData = true
		}
	}
	for address := range c.objects {
		c.relevantDrift = c.relevantDrift || c.relevantOf(address)
	}
	return c
}

// relevantOf reports whether a drifted path of an object is among the relevant attributes.
func (c *causality) relevantOf(address string) bool {
	paths := newPathSet(c.relevant[address])
	for _, l := range c.objects[address].leaves {
		if paths.touches(l.path) {
			return true
		}
	}
	return false
}

// cause says why one change is planned.
func (c *causality) cause(change plannedChange) Cause {
	own, direct := c.objects[change.address]
	if !direct && change.previous != "" {
		own, direct = c.objects[change.previous]
	}
	unexplained := change.attributes()
	if direct {
		direct, unexplained = own.explains(change)
		if direct && len(unexplained) == 0 {
			return External
		}
	}
	refs := c.references(change, unexplained)
	switch {
	case refs.data || refs.opaque && c.relevantData:
		return Upstream
	case direct || refs.drifted || refs.opaque && c.relevantDrift || c.relevantOf(own.address):
		return External
	}
	return Unknown
}

// attributes are the first steps of the changed paths, without volatile ones.
func (p plannedChange) attributes() map[string]bool {
	attributes := map[string]bool{}
	for _, l := range p.leaves {
		if !p.volatile.path(l.path) {
			attributes[attributeOf(l.path)] = true
		}
	}
	return attributes
}

// explains reports whether a drifted object has anything to do with its planned change, and which changed attributes
// it does not explain. A known value is explained when it was there before the drift; an unknown one always is.
func (d drifted) explains(change plannedChange) (related bool, unexplained map[string]bool) {
	before := make(map[string]any, len(d.leaves))
	var paths []string
	for _, l := range d.leaves {
		before[l.path] = l.before
		paths = append(paths, l.path)
	}
	touched := newPathSet(paths)
	unexplained = map[string]bool{}
	for _, l := range change.leaves {
		if change.volatile.path(l.path) {
			continue
		}
		if touched.touches(l.path) {
			related = true
		}
		if was, ok := before[l.path]; !l.unknown && (!ok || !equal(was, l.after)) {
			unexplained[attributeOf(l.path)] = true
		}
	}
	return related || d.action == Delete, unexplained
}
