package planner

import (
	"bytes"
	"encoding/json"
)

// text is what a reader may see of a value: compact JSON, or a marker without quotes; "" = null.
func (s *secrets) text(value, mask, unknown any) string {
	switch v := s.present(value, mask, unknown).(type) {
	case nil:
		return ""
	case marker:
		return string(v)
	default:
		return compact(v)
	}
}

// present copies a value with markers for what cannot be shown.
func (s *secrets) present(value, mask, unknown any) any {
	if unknown == true {
		return knownAfterApply
	}
	if value == nil && !anyTrue(unknown) {
		return nil
	}
	if sensitive(mask, value) {
		return sensitiveValue
	}
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.present(v[i], maskIndex(mask, i), maskIndex(unknown, i))
		}
		return out
	case object:
		return s.presentObject(v, mask, unknown)
	case nil:
		if unknown, ok := unknown.(object); ok {
			return s.presentObject(nil, mask, unknown)
		}
		return knownAfterApply
	}
	return s.hide(value)
}

// presentObject adds the attributes that are known only after the apply.
func (s *secrets) presentObject(v object, mask, unknown any) any {
	out := make(object, len(v))
	for key, child := range v {
		out[key] = s.present(child, maskKey(mask, key), maskKey(unknown, key))
	}
	missing, _ := unknown.(object)
	for key, child := range missing {
		if _, ok := v[key]; !ok && anyTrue(child) {
			out[key] = s.present(nil, maskKey(mask, key), child)
		}
	}
	return out
}

// compact is a value as compact JSON that leaves <, > and & readable.
func compact(v any) string { return string(encode(v)) }

func encode(v any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("planner: decoded JSON does not encode: " + err.Error())
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
