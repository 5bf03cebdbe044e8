package planner

// configAddress is where something is configured: module path without instance keys ("a.b", "" for the root), and
// resource without them.
type configAddress struct{ module, resource string }

// configuration finds things in the configuration section of plan JSON.
type configuration struct {
	modules   map[string]object        // by path
	calls     map[configAddress]object // by path of the caller and name
	resources map[configAddress]object
}

// newConfiguration reads what it can: a part of another shape is as good as missing.
func newConfiguration(section any) configuration {
	c := configuration{map[string]object{}, map[configAddress]object{}, map[configAddress]object{}}
	o, _ := section.(object)
	root, _ := o["root_module"].(object)
	c.add("", root)
	return c
}

// add takes up a module and those that it calls.
func (c configuration) add(path string, module object) {
	c.modules[path] = module
	resources, _ := module["resources"].([]any)
	for _, v := range resources {
		o, _ := v.(object)
		if address, ok := o["address"].(string); ok {
			c.resources[configAddress{path, address}] = o
		}
	}
	calls, _ := module["module_calls"].(object)
	for name, v := range calls {
		call, _ := v.(object)
		c.calls[configAddress{path, name}] = call
		if called, ok := call["module"].(object); ok {
			c.add(joinModule(path, name), called)
		}
	}
}

// referencesIn appends all references in an expression or a block of them.
func referencesIn(v any, refs []string) []string {
	switch v := v.(type) {
	case object:
		for key, child := range v {
			list, ok := child.([]any)
			if key != "references" || !ok {
				refs = referencesIn(child, refs)
				continue
			}
			for _, ref := range list {
				if ref, ok := ref.(string); ok {
					refs = append(refs, ref)
				}
			}
		}
	case []any:
		for _, child := range v {
			refs = referencesIn(child, refs)
		}
	}
	return refs
}
