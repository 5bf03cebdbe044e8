package cloud

import (
	"fmt"
	"strings"
)

// Edit changes an object out of band, as somebody does in a console: also what an update cannot change. ref is an id, or a
// name that only one object of the kind has. Attributes that are nil are removed.
func (c *Cloud) Edit(kindName, ref string, attributes map[string]any) (Object, error) {
	k, ok := kinds[kindName]
	if !ok {
		return Object{}, notFound("no kind %q", kindName)
	}
	changes, err := k.canonical(attributes, true)
	if err != nil {
		return Object{}, fmt.Errorf("edit %s %s: %w", kindName, ref, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := c.resolve(kindName, ref)
	if err == nil {
		o, err = c.change(o, changes, OpEdit, "")
	}
	if err != nil {
		return Object{}, fmt.Errorf("edit %s %s: %w", kindName, ref, err)
	}
	return o, nil
}

// Delete removes an object out of band. ref is an id, or a name that only one object of the kind has.
func (c *Cloud) Delete(kindName, ref string) error {
	c.mu.Lock()
	o, err := c.resolve(kindName, ref)
	c.mu.Unlock()
	if err == nil {
		err = c.remove(kindName, o.ID, "")
	}
	if err != nil {
		return fmt.Errorf("delete %s %s: %w", kindName, ref, err)
	}
	return nil
}

// Create makes an object out of band, one that no configuration knows.
func (c *Cloud) Create(kindName string, attributes map[string]any) (Object, error) {
	if _, ok := kinds[kindName]; !ok {
		return Object{}, notFound("no kind %q", kindName)
	}
	o, err := c.create(kindName, attributes, "")
	if err != nil {
		return Object{}, fmt.Errorf("create %s: %w", kindName, err)
	}
	return o, nil
}

// resolve finds an object by id or name. The caller holds the lock.
func (c *Cloud) resolve(kindName, ref string) (Object, error) {
	found := c.state.list(func(o Object) bool { return o.Kind == kindName && o.ID == ref })
	if len(found) == 0 {
		found = c.state.list(func(o Object) bool { return o.Kind == kindName && o.Name() == ref })
	}
	switch len(found) {
	case 0:
		return Object{}, notFound("no %s with the id or name %q", kindName, ref)
	case 1:
		return found[0], nil
	}
	return Object{}, conflict("%d objects have the name %q; use one of the ids %s", len(found), ref, strings.Join(ids(found), ", "))
}
