package cloud

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// create makes a new object, whatever there is already.
func (c *Cloud) create(kindName string, given map[string]any, run string) (Object, error) {
	k := kinds[kindName]
	attributes, err := k.canonical(given, false)
	if err != nil {
		return Object{}, err
	}
	if err := k.complete(attributes); err != nil {
		return Object{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o := Object{Kind: kindName, ID: newID(k.prefix), Attributes: attributes}
	var network Object
	if id, ok := attributes["network_id"].(string); ok {
		if network, err = c.state.find("network", id); err != nil {
			return Object{}, invalid("network_id: no network %q", id)
		}
	}
	computeNew(o, network, time.Now())
	computeAgain(o)
	if err := c.commit(Entry{Op: OpCreate, Kind: o.Kind, ID: o.ID, Name: o.Name(), Run: run, After: o.Attributes}); err != nil {
		return Object{}, err
	}
	c.hide(o.ID)
	return o.clone(), nil
}

// update changes the attributes that are given; null removes one.
func (c *Cloud) update(kindName, id string, given map[string]any, run string) (Object, error) {
	k := kinds[kindName]
	changes, err := k.canonical(given, false)
	if err != nil {
		return Object{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := c.state.find(kindName, id)
	if err != nil {
		return Object{}, err
	}
	for name, value := range changes {
		if k.attributes[name].forceNew && !reflect.DeepEqual(value, o.Attributes[name]) {
			return Object{}, invalid("attribute %q of a %s cannot be changed; make a new one", name, kindName)
		}
	}
	return c.change(o, changes, OpUpdate, run)
}

// change commits new attributes of an object. The caller holds the lock.
func (c *Cloud) change(o Object, changes map[string]any, op, run string) (Object, error) {
	k := kinds[o.Kind]
	before := maps.Clone(o.Attributes)
	maps.Copy(o.Attributes, changes)
	if err := k.complete(o.Attributes); err != nil {
		return Object{}, err
	}
	computeAgain(o)
	err := c.commit(Entry{Op: op, Kind: o.Kind, ID: o.ID, Name: o.Name(), Run: run, Before: before, After: o.Attributes})
	return o.clone(), err
}

// remove deletes an object; a network only when no server is in it.
func (c *Cloud) remove(kindName, id, run string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := c.state.find(kindName, id)
	if err != nil {
		return err
	}
	inside := c.state.list(func(s Object) bool { return s.Attributes["network_id"] == id })
	if len(inside) > 0 {
		return conflict("network %s has %d servers: %s", id, len(inside), strings.Join(ids(inside), ", "))
	}
	return c.commit(Entry{Op: OpDelete, Kind: o.Kind, ID: o.ID, Name: o.Name(), Run: run, Before: o.Attributes})
}

// read returns an object when it can be seen already.
func (c *Cloud) read(kindName, id string) (Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := c.state.find(kindName, id)
	if err == nil && !c.seen(id) {
		err = notFound("no %s %q", kindName, id)
	}
	return o, err
}

// search returns the objects of a kind that can be seen, those of one name when it is not "".
func (c *Cloud) search(kindName, name string) []Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.state.list(func(o Object) bool { return o.Kind == kindName && (name == "" || o.Name() == name) })
	return slices.DeleteFunc(found, func(o Object) bool { return !c.seen(o.ID) })
}

func ids(objects []Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.ID)
	}
	return out
}
