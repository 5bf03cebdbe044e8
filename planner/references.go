package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// referenced is what an expression depends on, directly or through variables, outputs and resources that change.
type referenced struct {
	data    bool // a data source
	drifted bool // a path of a managed resource that drifted
	opaque  bool // a local value, which plan JSON does not spell out
}

// resolver follows references through the configuration, each once.
type resolver struct {
	*causality
	found   referenced
	visited map[configAddress]bool
}

// references follows what the changed attributes of a change refer to.
func (c *causality) references(change plannedChange, attributes map[string]bool) referenced {
	key := change.address
	if change.kind != "" { // instances of one resource share the answer
		key = fmt.Sprintf("%q %s %q", change.configAddress(), change.action, slices.Sorted(maps.Keys(attributes)))
	}
	if known, ok := c.answers[key]; ok {
		return known
	}
	r := resolver{causality: c, visited: map[configAddress]bool{}}
	r.change(change, attributes)
	c.answers[key] = r.found
	return r.found
}

// change follows the expressions of what changes.
func (r *resolver) change(change plannedChange, attributes map[string]bool) {
	if name, ok := strings.CutPrefix(change.address, KindOutput+"."); ok && change.kind == "" {
		r.output("", name)
		return
	}
	at := change.configAddress()
	config := r.resources[at]
	expressions, _ := config["expressions"].(object)
	written := object{}
	for key, expression := range expressions {
		if attributes[key] {
			written[key] = expression
		}
	}
	repeated := change.action == Create || change.action == Delete || change.action == Replace
	if len(written) == 0 { // only computed attributes change: anything may be the reason
		written, repeated = expressions, true
	}
	r.follow(at.module, config, written, repeated)
}

// follow goes on with the references of a resource's expressions; repeated says that its count or for_each matters.
func (r *resolver) follow(module string, config, expressions object, repeated bool) {
	refs := referencesIn(expressions, nil)
	for _, ref := range refs {
		repeated = repeated || strings.HasPrefix(ref, "each.") || strings.HasPrefix(ref, "count.")
	}
	if repeated {
		refs = referencesIn(config["for_each_expression"], refs)
		refs = referencesIn(config["count_expression"], refs)
	}
	r.all(module, refs)
}

// all resolves a list of references. The engine lists "a.b.c" and "a.b" for the expression a.b.c: only the longer counts.
func (r *resolver) all(module string, refs []string) {
	slices.Sort(refs)
	for _, ref := range refs {
		if !longer(refs, ref+".") && !longer(refs, ref+"[") {
			r.one(module, ref)
		}
	}
}

// longer reports whether one of the sorted references begins with prefix.
func longer(refs []string, prefix string) bool {
	i, _ := slices.BinarySearch(refs, prefix)
	return i < len(refs) && strings.HasPrefix(refs[i], prefix)
}

// one resolves one reference made in a module.
func (r *resolver) one(module, ref string) {
	key := configAddress{module, ref}
	if r.visited[key] {
		return
	}
	r.visited[key] = true
	steps := splitAddress(ref)
	switch steps[0] {
	case "data":
		r.found.data = true
	case "local":
		r.found.opaque = true
	case "var":
		if len(steps) > 1 {
			r.variable(module, steps[1])
		}
	case "module":
		r.moduleOutput(module, steps)
	case "each", "count", "path", "terraform", "tofu", "self", "ephemeral", "action":
	default:
		if len(steps) > 1 {
			r.managed(configAddress{module, steps[0] + "." + steps[1]}, strings.Join(steps[2:], "."))
		}
	}
}

// variable goes on with the argument of the call.
func (r *resolver) variable(module, name string) {
	if module == "" {
		return
	}
	caller, call := "", module
	if i := strings.LastIndexByte(module, '.'); i >= 0 {
		caller, call = module[:i], module[i+1:]
	}
	config := r.calls[configAddress{caller, call}]
	expressions, _ := config["expressions"].(object)
	r.follow(caller, config, object{name: expressions[name]}, false)
}

// moduleOutput goes on with one output of a called module, or all of them.
func (r *resolver) moduleOutput(module string, steps []string) {
	if len(steps) < 2 {
		return
	}
	called := joinModule(module, steps[1])
	if len(steps) > 2 {
		r.output(called, steps[2])
		return
	}
	outputs, _ := r.modules[called]["outputs"].(object)
	for name := range outputs {
		r.output(called, name)
	}
}

// output goes on with an output's expression.
func (r *resolver) output(module, name string) {
	outputs, _ := r.modules[module]["outputs"].(object)
	output, _ := outputs[name].(object)
	r.all(module, referencesIn(output["expression"], nil))
}

// managed: what refers to a resource depends on its drift; and, when it changes itself, on what changes it.
func (r *resolver) managed(at configAddress, path string) {
	if drifted := r.drifted[at]; len(drifted) > 0 {
		r.found.drifted = r.found.drifted || path == "" || newPathSet(drifted).touches(path)
	}
	if r.planned[at] {
		config := r.resources[at]
		expressions, _ := config["expressions"].(object)
		r.follow(at.module, config, expressions, false)
	}
}
