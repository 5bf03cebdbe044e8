package planner

import (
	"encoding/json"
	"maps"
	"slices"
)

// node is one place in a change: a value before and after it, what of it is unknown, and what is sensitive.
type node struct {
	before, after             any
	unknown                   any // mask of after
	beforeMask, afterMask     any // of sensitivity
	beforeHidden, afterHidden bool
}

// newNode is the node of a whole change.
func newNode(before, after, unknown, beforeMask, afterMask any) node {
	return node{
		before: before, after: after, unknown: unknown, beforeMask: beforeMask, afterMask: afterMask,
		beforeHidden: sensitive(beforeMask, before), afterHidden: sensitive(afterMask, after),
	}
}

// byAttribute is the node of a whole resource, whose masks go into it even where they mark all of it.
func (n node) byAttribute() node {
	mask := func(value, mask any) any {
		if value == nil {
			return nil
		}
		return perAttribute(value, mask)
	}
	return newNode(n.before, n.after, n.unknown, mask(n.before, n.beforeMask), mask(n.after, n.afterMask))
}

// keys are the attributes on either side, nil when the node is not an object on both sides (or absent on one).
func (n node) keys() []string {
	before, ok := n.before.(object)
	if !ok && n.before != nil {
		return nil
	}
	after, ok := n.after.(object)
	if !ok && n.after != nil {
		return nil
	}
	unknown, _ := n.unknown.(object)
	if len(before) == 0 && len(after) == 0 && len(unknown) == 0 {
		return nil
	}
	keys := slices.AppendSeq(make([]string, 0, len(before)+len(after)), maps.Keys(before))
	keys = slices.AppendSeq(keys, maps.Keys(after))
	keys = slices.AppendSeq(keys, maps.Keys(unknown))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// length is the number of elements on the longer side, 0 when the node is not a list on both sides (or absent on one).
func (n node) length() int {
	before, ok := n.before.([]any)
	if !ok && n.before != nil {
		return 0
	}
	after, ok := n.after.([]any)
	if !ok && n.after != nil {
		return 0
	}
	unknown, _ := n.unknown.([]any)
	return max(len(before), len(after), len(unknown))
}

// key is the node of one attribute.
func (n node) key(key string) node {
	before, _ := n.before.(object)
	after, _ := n.after.(object)
	return newNode(before[key], after[key], maskKey(n.unknown, key), maskKey(n.beforeMask, key), maskKey(n.afterMask, key))
}

// index is the node of one element.
func (n node) index(i int) node {
	return newNode(elementOf(n.before, i), elementOf(n.after, i),
		maskIndex(n.unknown, i), maskIndex(n.beforeMask, i), maskIndex(n.afterMask, i))
}

func elementOf(v any, i int) any {
	if list, ok := v.([]any); ok && i < len(list) {
		return list[i]
	}
	return nil
}

// changed reports whether anything differs at or below the node.
func (n node) changed() bool {
	return anyTrue(n.unknown) || !equal(n.before, n.after) ||
		anyTrue(n.beforeMask) != anyTrue(n.afterMask) && (n.before != nil || n.after != nil)
}

// equal compares two JSON values.
func equal(a, b any) bool {
	switch a := a.(type) {
	case object:
		b, ok := b.(object)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, v := range a {
			if w, ok := b[key]; !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && a == b
	}
	switch b.(type) {
	case object, []any:
		return false
	}
	return a == b
}

// sortedKeys are the keys of an object in order.
func sortedKeys(o object) []string { return slices.Sorted(maps.Keys(o)) }
