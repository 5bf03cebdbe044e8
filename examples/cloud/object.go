package cloud

import "maps"

// Object is one thing in the cloud. Attributes hold the name, what the caller set, and what the server computed
// (arn, created_at, revision and those of its kind); an attribute that is null is absent.
type Object struct {
	Kind       string         `json:"kind"`
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes"`
}

// Name is the object's name; names are not unique.
func (o Object) Name() string {
	name, _ := o.Attributes["name"].(string)
	return name
}

// clone copies the object; values below the attributes are never changed in place, so they may be shared.
func (o Object) clone() Object {
	o.Attributes = maps.Clone(o.Attributes)
	return o
}

// shown is the object as callers of the API see it: without what can only be written.
func (o Object) shown() Object {
	return Object{Kind: o.Kind, ID: o.ID, Attributes: without(o.Kind, o.Attributes, func(a attribute) bool { return a.hidden })}
}

// without copies attributes, leaving out those that the predicate names.
func without(kindName string, attributes map[string]any, drop func(attribute) bool) map[string]any {
	known := kinds[kindName].attributes
	out := maps.Clone(attributes)
	maps.DeleteFunc(out, func(name string, _ any) bool { return drop(known[name]) })
	return out
}
