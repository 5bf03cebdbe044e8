package planner

import "fmt"

// sections goes through the parts of plan JSON that hold values, and replaces each by what data returns for the value
// and its sensitivity mask. What names things (addresses, actions, types) is left alone: were it hidden because it
// happens to equal a sensitive value, a policy would look past it.
type sections struct {
	shape
	data   func(value, mask any) any
	strict bool // what becomes sensitive is taken as sensitive before, too
}

// knownSections are the top-level keys of plan JSON that this version understands. Others are left out of the redacted
// JSON: nobody can say where they hold sensitive values.
var knownSections = map[string]bool{
	"format_version": true, "terraform_version": true, "variables": true, "planned_values": true, "proposed_unknown": true,
	"resource_drift": true, "resource_changes": true, "deferred_changes": true, "output_changes": true, "prior_state": true,
	"configuration": true, "relevant_attributes": true, "checks": true, "timestamp": true, "applyable": true,
	"complete": true, "errored": true, "action_invocations": true, "deferred_action_invocations": true,
}

// plan goes through the whole document.
func (s *sections) plan(root object) {
	s.variables(root)
	s.state(root, "planned_values")
	s.state(root, "proposed_unknown")
	s.at("prior_state", func() { s.state(field[object](&s.shape, root, "prior_state"), "values") })
	for _, key := range []string{"resource_changes", "resource_drift"} {
		s.each(root, key, s.resourceChange)
	}
	s.each(root, "deferred_changes", func(o object) { s.resourceChange(field[object](&s.shape, o, "resource_change")) })
	s.eachNamed(root, "output_changes", func(_ string, o object) { s.change(o, asWhole) })
	s.each(root, "action_invocations", s.invocation)
	s.each(root, "deferred_action_invocations", func(o object) {
		s.invocation(field[object](&s.shape, o, "action_invocation"))
	})
	s.each(root, "checks", func(o object) {
		s.each(o, "instances", func(o object) { s.replace(o, "problems", nil) })
	})
	s.at("configuration", func() { s.configuration(field[object](&s.shape, root, "configuration")) })
}

// replace puts data's answer in the place of o[key].
func (s *sections) replace(o object, key string, mask any) {
	if v, ok := o[key]; ok {
		o[key] = s.data(v, mask)
	}
}

// variables: which of them are sensitive is said in the configuration; one that is not declared there is taken as sensitive.
func (s *sections) variables(root object) {
	var declared object
	s.at("configuration", func() {
		module := field[object](&s.shape, field[object](&s.shape, root, "configuration"), "root_module")
		declared = field[object](&s.shape, module, "variables")
	})
	s.eachNamed(root, "variables", func(name string, o object) {
		s.replace(o, "value", declared[name] == nil || sensitiveVariable(declared, name))
	})
}

// sensitiveVariable reports whether a declaration says that the variable is sensitive or ephemeral.
func sensitiveVariable(declared object, name string) bool {
	declaration, _ := declared[name].(object)
	return declaration["sensitive"] == true || declaration["ephemeral"] == true
}

func (s *sections) resourceChange(o object) {
	s.change(field[object](&s.shape, o, "change"), perAttribute)
}

// change goes through both sides of a change; mask refines what the plan says about a value.
func (s *sections) change(o object, mask func(value, mask any) any) {
	s.replace(o, "before", mask(o["before"], o["before_sensitive"]))
	if s.strict {
		s.replace(o, "before", mask(o["before"], o["after_sensitive"]))
	}
	s.replace(o, "after", mask(o["after"], o["after_sensitive"]))
	for _, key := range []string{"before_identity", "after_identity", "generated_config", "importing"} {
		s.replace(o, key, nil)
	}
}

// asWhole is the mask as the plan has it.
func asWhole(_, mask any) any { return mask }

// perAttribute makes a mask that marks a whole object mark each attribute of it: policies expect an object.
func perAttribute(value, mask any) any {
	o, ok := value.(object)
	if !ok || !sensitive(mask, value) {
		return mask
	}
	each := make(object, len(o))
	for attribute := range o {
		each[attribute] = true
	}
	return each
}

func (s *sections) invocation(o object) { s.replace(o, "config_values", o["config_sensitive"]) }

// state goes through a representation of values: outputs, and resources by module.
func (s *sections) state(o object, key string) {
	s.at(key, func() {
		values := field[object](&s.shape, o, key)
		s.eachNamed(values, "outputs", func(_ string, o object) { s.replace(o, "value", o["sensitive"]) })
		s.at("root_module", func() { s.stateModule(field[object](&s.shape, values, "root_module")) })
	})
}

func (s *sections) stateModule(o object) {
	s.each(o, "resources", func(o object) {
		s.replace(o, "values", perAttribute(o["values"], o["sensitive_values"]))
		s.replace(o, "identity", nil)
	})
	s.each(o, "child_modules", s.stateModule)
}

func (s *sections) configuration(o object) {
	s.constants(o["provider_config"])
	s.at("root_module", func() { s.module(field[object](&s.shape, o, "root_module")) })
}

// module goes through the configuration of one module and of those that it calls.
func (s *sections) module(o object) {
	declared := field[object](&s.shape, o, "variables")
	s.eachNamed(o, "variables", func(name string, o object) {
		s.replace(o, "default", sensitiveVariable(declared, name))
		s.replace(o, "description", nil)
	})
	s.eachNamed(o, "outputs", func(_ string, o object) {
		if expression, ok := o["expression"].(object); ok {
			s.replace(expression, "constant_value", o["sensitive"])
		}
		s.replace(o, "description", nil)
	})
	s.constants(o["resources"])
	s.eachNamed(o, "module_calls", func(_ string, call object) { s.call(call) })
}

// call: arguments take their sensitivity from the variables of the called module.
func (s *sections) call(o object) {
	module := field[object](&s.shape, o, "module")
	declared := field[object](&s.shape, module, "variables")
	for name, v := range field[object](&s.shape, o, "expressions") {
		if expression, ok := v.(object); ok && sensitiveVariable(declared, name) {
			s.replace(expression, "constant_value", true)
		}
	}
	for key, v := range o {
		if key != "module" {
			s.constants(v)
		}
	}
	s.at("module", func() { s.module(module) })
}

// constants replaces what is written literally in expressions, at any depth.
func (s *sections) constants(v any) {
	switch v := v.(type) {
	case object:
		for key, child := range v {
			if key == "constant_value" {
				v[key] = s.data(child, nil)
			} else {
				s.constants(child)
			}
		}
	case []any:
		for _, child := range v {
			s.constants(child)
		}
	}
}

// leaveOutUnknown removes the sections that are not known, and says so.
func leaveOutUnknown(root object) (warnings []string) {
	for _, key := range sortedKeys(root) {
		if !knownSections[key] {
			delete(root, key)
			warnings = append(warnings, fmt.Sprintf(
				"section %q of the plan JSON is not known to this version of driftless: policies and readers do not see it", visible(key)))
		}
	}
	return warnings
}
