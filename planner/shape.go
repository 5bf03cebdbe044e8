package planner

import (
	"encoding/json"
	"fmt"
)

// object is a JSON object.
type object = map[string]any

// shape reads fields of foreign JSON and keeps the first that has the wrong type.
type shape struct{ err error }

// field returns o[key]; null and absent are the zero value.
func field[T any](s *shape, o object, key string) T {
	var zero T
	v, ok := o[key]
	if !ok || v == nil {
		return zero
	}
	t, ok := v.(T)
	if !ok && s.err == nil {
		s.err = fmt.Errorf("%s is %s, want %s", key, shapeOf(v), shapeOf(zero))
	}
	return t
}

// element is v as an element of the list called key.
func element[T any](s *shape, key string, i int, v any) T {
	t, ok := v.(T)
	if !ok && s.err == nil {
		s.err = fmt.Errorf("%s[%d] is %s, want %s", key, i, shapeOf(v), shapeOf(t))
	}
	return t
}

// at names the place of an error that f met.
func (s *shape) at(place string, f func()) {
	if s.err != nil {
		return
	}
	if f(); s.err != nil {
		s.err = fmt.Errorf("%s: %w", place, s.err)
	}
}

// each calls f for every object of the list o[key].
func (s *shape) each(o object, key string, f func(object)) {
	for i, v := range field[[]any](s, o, key) {
		item := element[object](s, key, i, v)
		s.at(fmt.Sprintf("%s[%d]", key, i), func() { f(item) })
	}
}

// eachNamed calls f for every object in the object o[key].
func (s *shape) eachNamed(o object, key string, f func(name string, item object)) {
	for name := range field[object](s, o, key) {
		s.at(fmt.Sprintf("%s[%q]", key, name), func() { f(name, field[object](s, o[key].(object), name)) })
	}
}

// shapeOf names a JSON type.
func shapeOf(v any) string {
	switch v.(type) {
	case object:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	}
	return "null"
}
