package planner

import (
	"encoding/json"
	"slices"

	"github.com/driftlessops/driftless/planner/mask"
)

const (
	sensitiveValue  = marker("(sensitive value)")
	knownAfterApply = marker("(known after apply)")
)

// marker stands for a value that cannot be shown. It is a JSON string.
type marker string

// Shortest sensitive values, in bytes, that are hidden where no mask marks them: shorter ones would eat ordinary values.
const (
	minHidden   = 4 // a string that equals the value
	minEmbedded = 8 // a string that contains it, as it is or encoded
	minNumber   = 6 // digits of a number that equals it
)

// secrets are the sensitive values of one plan.
type secrets struct {
	known    map[string]struct{}
	numbers  map[string]struct{}
	embedded mask.Masker
	hits     int // values that hide changed
}

// collect takes up the leaves that mask marks as sensitive. It returns value, to be used like redact.
func (s *secrets) collect(value, mask any) any {
	switch v := value.(type) {
	case object:
		for key, child := range v {
			s.collect(child, maskKey(mask, key))
		}
	case []any:
		for i, child := range v {
			s.collect(child, maskIndex(mask, i))
		}
	case string:
		if sensitive(mask, value) && len(v) >= minHidden && v != "true" && v != "false" && v != "null" {
			s.known[v] = struct{}{}
		}
	case json.Number:
		if sensitive(mask, value) && len(v) >= minNumber {
			s.numbers[v.String()] = struct{}{}
		}
	}
	return value
}

// settle ends the collection; without, when not nil, rewrites texts of the plan before they are compared with secrets.
func (s *secrets) settle(without func(string) string) {
	for _, text := range s.list() {
		if without != nil {
			text = without(text)
			s.known[text] = struct{}{}
		}
		if len(text) >= minEmbedded {
			s.embedded.Add(text)
		}
	}
}

// list returns the sensitive strings in order.
func (s *secrets) list() []string {
	list := make([]string, 0, len(s.known))
	for text := range s.known {
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

// hide returns what a reader may see of a scalar that no mask marks.
func (s *secrets) hide(value any) any {
	switch v := value.(type) {
	case string:
		if _, ok := s.known[v]; ok {
			s.hits++
			return sensitiveValue
		}
		if len(v) >= minEmbedded {
			if masked := s.embedded.String(v); masked != v { // a new string only where needed
				s.hits++
				return masked
			}
		}
	case json.Number:
		if _, ok := s.numbers[v.String()]; ok {
			s.hits++
			return sensitiveValue
		}
	}
	return value
}

// redact replaces, in place where it can, what mask marks as sensitive and what equals or contains a sensitive value.
// Null stays: that something is not set is no secret, and policies ask for it.
func (s *secrets) redact(value, mask any) any {
	if value == nil {
		return nil
	}
	if sensitive(mask, value) {
		return sensitiveValue
	}
	switch v := value.(type) {
	case object:
		for key, child := range v {
			v[key] = s.redact(child, maskKey(mask, key))
		}
		return v
	case []any:
		for i, child := range v {
			v[i] = s.redact(child, maskIndex(mask, i))
		}
		return v
	}
	return s.hide(value)
}

// sensitive reports whether mask marks the whole value. A mask of another shape than its value marks all of it.
func sensitive(mask, value any) bool {
	switch m := mask.(type) {
	case nil:
		return false
	case bool:
		return m
	case object:
		_, same := value.(object)
		return len(m) > 0 && !same && value != nil && anyTrue(m)
	case []any:
		_, same := value.([]any)
		return len(m) > 0 && !same && value != nil && anyTrue(m)
	}
	return true
}

// maskKey is the mask of one attribute.
func maskKey(mask any, key string) any {
	if m, ok := mask.(object); ok {
		return m[key]
	}
	return whole(mask)
}

// maskIndex is the mask of one element.
func maskIndex(mask any, i int) any {
	if m, ok := mask.([]any); ok {
		if i < len(m) {
			return m[i]
		}
		return nil
	}
	return whole(mask)
}

// whole is what the mask of a container says about its parts when it does not go into them.
func whole(mask any) any {
	switch m := mask.(type) {
	case nil:
		return nil
	case bool:
		return m
	}
	return anyTrue(mask)
}

// anyTrue reports whether a mask marks anything.
func anyTrue(mask any) bool {
	switch m := mask.(type) {
	case bool:
		return m
	case object:
		for _, child := range m {
			if anyTrue(child) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(m, anyTrue)
	}
	return false
}
