package planner

import (
	"encoding/json"
	"strconv"

	"github.com/driftlessops/driftless/planner/mask"
)

// stateHiding hides sensitive values of one state.
type stateHiding struct {
	reveal   bool
	equal    map[string]bool // texts that are hidden wherever they stand alone
	embedded mask.Masker     // and those that are long enough to be hidden within others
}

// attributes hides what the paths of sensitive_attributes lead to. Where they cannot be read everything is hidden.
func (h *stateHiding) attributes(values map[string]any, marks json.RawMessage) map[string]any {
	var paths [][]stateStep
	if len(marks) > 0 {
		if err := decodeNumbers(marks, &paths); err != nil {
			paths = [][]stateStep{{}}
		}
	}
	var object any = values
	for _, path := range paths {
		object = h.at(object, path)
	}
	if shown, ok := object.(map[string]any); ok {
		return shown
	}
	all := map[string]any{}
	for name := range values {
		all[name] = string(sensitiveValue)
	}
	return all
}

// stateStep is one step of a path to a sensitive value.
type stateStep struct {
	Type  string `json:"type"` // get_attr or index
	Value any    `json:"value"`
}

// key is the attribute or index that the step leads to: a string, a number, or nothing that can be followed.
func (s stateStep) key() any {
	if wrapped, ok := s.Value.(map[string]any); ok && s.Type == "index" {
		return wrapped["value"]
	}
	return s.Value
}

// at hides what a path leads to. What it leads to in no way that is known here is hidden as a whole.
func (h *stateHiding) at(v any, path []stateStep) any {
	if len(path) == 0 {
		return h.value(v)
	}
	switch in := v.(type) {
	case nil:
		return nil
	case map[string]any:
		name, ok := path[0].key().(string)
		if !ok {
			return h.value(v)
		}
		if _, ok := in[name]; ok {
			in[name] = h.at(in[name], path[1:])
			return in
		}
		if _, ok := in["type"]; ok && len(in) == 2 && in["value"] != nil { // a value of any type stands beside its type
			in["value"] = h.at(in["value"], path)
			return in
		}
	case []any:
		number, ok := path[0].key().(json.Number)
		if n, err := strconv.Atoi(number.String()); ok && err == nil && n >= 0 && n < len(in) {
			in[n] = h.at(in[n], path[1:])
			return in
		}
	}
	return h.value(v)
}

// value hides a value and remembers the texts in it.
func (h *stateHiding) value(v any) any {
	if v == nil || h.reveal {
		return v
	}
	eachText(v, func(text string) string {
		if text != string(sensitiveValue) && len(text) >= minHidden {
			h.equal[text] = true
		}
		if text != string(sensitiveValue) && len(text) >= minEmbedded {
			h.embedded.Add(text)
		}
		return text
	})
	return string(sensitiveValue)
}

// rest hides sensitive texts where no mark says so.
func (h *stateHiding) rest(s *State) {
	if h.reveal {
		return
	}
	for i, r := range s.Resources {
		for name, v := range r.Values {
			s.Resources[i].Values[name] = eachText(v, h.text)
		}
	}
	for name, v := range s.Outputs {
		v.Value = eachText(v.Value, h.text)
		s.Outputs[name] = v
	}
}

func (h *stateHiding) text(text string) string {
	if h.equal[text] {
		return string(sensitiveValue)
	}
	return h.embedded.String(text)
}

// eachText replaces the texts in a JSON value.
func eachText(v any, change func(string) string) any {
	switch in := v.(type) {
	case string:
		return change(in)
	case []any:
		for i := range in {
			in[i] = eachText(in[i], change)
		}
	case map[string]any:
		for name := range in {
			in[name] = eachText(in[name], change)
		}
	}
	return v
}
