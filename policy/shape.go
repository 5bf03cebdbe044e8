package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// shapes reads what a rule gave; the package comment says what each shape means.
type shapes struct {
	rule      *rule
	policy    string
	addresses addresses
	results   []Result
}

// read judges one value. keyed says that it is the object of a rule such as deny[key], whose keys are not msg and the like.
func (s *shapes) read(value any, keyed bool) {
	switch v := value.(type) {
	case bool:
		if v {
			s.say(fmt.Sprintf("%s is true", s.rule), "")
		}
	case string:
		s.say(v, s.addresses.in(v))
	case []any:
		for _, element := range v {
			if o, ok := element.(map[string]any); ok && len(o) == 0 {
				s.fail(fmt.Sprintf("%s gives an empty object", s.rule))
			}
			s.read(element, false)
		}
	case map[string]any:
		s.object(v, keyed)
	default:
		s.fail(fmt.Sprintf("%s gives %s", s.rule, describe(value)))
	}
}

func (s *shapes) object(object map[string]any, keyed bool) {
	msg, found := object["msg"]
	text, isText := msg.(string)
	switch {
	case isText:
		s.say(text, s.addresses.of(object, text))
	case keyed:
		for _, key := range slices.Sorted(maps.Keys(object)) {
			s.entry(key, object[key])
		}
	case found:
		s.fail(fmt.Sprintf("%s gives an object whose msg is %s", s.rule, describe(msg)))
	case len(object) > 0:
		s.fail(fmt.Sprintf("%s gives an object without msg: %s", s.rule, someOf(slices.Sorted(maps.Keys(object)))))
	}
}

// entry judges one value of a rule with keys. deny[msg] if {…} of Rego v1, often written for deny contains msg, gives true.
func (s *shapes) entry(key string, value any) {
	if said, ok := value.(bool); ok {
		var object map[string]any
		switch {
		case said && json.Unmarshal([]byte(key), &object) == nil && object != nil: // deny[{"msg": …}] if {…}
			s.object(object, false)
		case said:
			s.say(key, s.addresses.in(key))
		}
		return
	}
	from := len(s.results)
	s.read(value, true)
	for i := range s.results[from:] {
		r := &s.results[from+i]
		switch {
		case r.Level == "error":
		case s.addresses.known[key]:
			r.Resource = key
		default:
			r.Message = key + ": " + r.Message
		}
	}
}

// say records a message; an empty one says nothing, as in conftest.
func (s *shapes) say(message, resource string) {
	if message != "" {
		s.results = append(s.results, Result{Policy: s.policy, Level: s.rule.level, Message: message, Resource: resource})
	}
}

func (s *shapes) fail(what string) {
	s.results = append(s.results, Result{Policy: s.policy, Level: "error",
		Message: what + "; give strings, or objects with a string msg (" + s.rule.place() + ")"})
}

// describe names the type of a JSON value.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("the boolean %t", v)
	case string:
		return fmt.Sprintf("the string %q", v)
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("the number %v", value)
}
