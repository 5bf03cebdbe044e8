package planner

import (
	"encoding/json"
	"strconv"
)

// maxDepth is how deep a walk goes into a value; what is deeper changes as a whole.
const maxDepth = 64

// walk finds the changed paths of one change: for its digest leaf by leaf, for people with lists kept together.
type walk struct {
	secrets   *secrets
	digest    *json.Encoder // nil when no digest is wanted
	timestamp string        // of the plan: strings that equal it are the same in any digest
	now       string        // the token that a digest has in their place
	volatile  volatile      // patterns for this address
	forces    pathSet       // what forces replacement

	paths     []PathChange
	leaves    []leaf
	volatiles []string // volatile leaves
	concealed []string // paths not marked as sensitive whose new value is hidden all the same
	hushed    []string // paths of values that were not sensitive and become so
	steady    int      // leaves that are not volatile
	grouped   bool     // within a list that is shown as a whole
}

// leaf is one changed place, unredacted.
type leaf struct {
	path          string
	before, after any
	unknown       bool
}

// digestEntry is what a change digest knows of one place.
type digestEntry struct {
	Path      string  `json:"path"`
	Unknown   any     `json:"unknown,omitempty"` // true, or a mask of after
	Before    any     `json:"before,omitempty"`
	After     any     `json:"after,omitempty"`
	Sensitive *bool   `json:"sensitive,omitempty"` // only when it changes
	Lengths   *[2]int `json:"lengths,omitempty"`   // only of containers that appear, vanish, grow or shrink
}

// visit goes into a node.
func (w *walk) visit(path string, n node, depth int) {
	switch {
	case n.unknown == true:
		w.leaf(path, n)
	case n.beforeHidden || n.afterHidden || depth > maxDepth:
		moved := n.beforeHidden != n.afterHidden && (n.before != nil || n.after != nil)
		if moved || anyTrue(n.unknown) || !equal(n.before, n.after) {
			w.leaf(path, n)
		}
	default:
		if keys := n.keys(); keys != nil {
			w.object(path, n, keys, depth)
		} else if length := n.length(); length > 0 {
			w.list(path, n, length, depth)
		} else if !equal(n.before, n.after) {
			w.leaf(path, n)
		}
	}
}

// object goes into an object.
func (w *walk) object(path string, n node, keys []string, depth int) {
	seen := len(w.leaves)
	for _, key := range keys {
		w.visit(joinPath(path, key), n.key(key), depth+1)
	}
	if path != "" && (n.before == nil) != (n.after == nil) {
		w.resized(path, n, seen)
	}
}

// list goes into a list. When more than one element differs, people see the whole list: an element that is inserted at
// the front would otherwise look like a change of every element.
func (w *walk) list(path string, n node, length, depth int) {
	seen, steady := len(w.leaves), w.steady
	group := !w.grouped && n.regrouped(length)
	w.grouped = w.grouped || group
	for i := range length {
		w.visit(path+"["+strconv.Itoa(i)+"]", n.index(i), depth+1)
	}
	if lengthOf(n.before) != lengthOf(n.after) {
		w.resized(path, n, seen)
	}
	if group {
		w.grouped = false
		if len(w.leaves) > seen {
			w.show(path, n, w.steady == steady)
		}
	}
}

// resized records that a container appears, vanishes, grows or shrinks: its leaves may not tell, when they are null.
func (w *walk) resized(path string, n node, seen int) {
	if len(w.leaves) == seen {
		w.leaf(path, n)
	} else if !w.volatile.path(path) {
		w.steady++
		w.hash(digestEntry{Path: path, Lengths: &[2]int{lengthOf(n.before), lengthOf(n.after)}})
	}
}

// leaf records one changed place.
func (w *walk) leaf(path string, n node) {
	w.leaves = append(w.leaves, leaf{path, n.before, n.after, n.unknown == true})
	if n.afterHidden && !n.beforeHidden && n.before != nil {
		w.hushed = append(w.hushed, path)
	}
	isVolatile := w.volatile.path(path)
	if isVolatile {
		w.volatiles = append(w.volatiles, path)
	} else {
		w.steady++
		w.hash(n.entry(path))
	}
	if !w.grouped {
		w.show(path, n, isVolatile)
	}
}

// hash adds to the digest.
func (w *walk) hash(entry digestEntry) {
	if w.digest == nil {
		return
	}
	entry.After = w.timeless(entry.After) // what was before is what it was, also when it was made in the same second
	if err := w.digest.Encode(entry); err != nil {
		panic("planner: decoded JSON does not encode: " + err.Error())
	}
}

// timeless replaces strings that equal the plan's timestamp.
func (w *walk) timeless(v any) any {
	switch v := v.(type) {
	case string:
		if v == w.timestamp && v != "" {
			return w.now
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = w.timeless(v[i])
		}
		return out
	case object:
		out := make(object, len(v))
		for key := range v {
			out[key] = w.timeless(v[key])
		}
		return out
	}
	return v
}

// show records what people see of a place.
func (w *walk) show(path string, n node, isVolatile bool) {
	hidden := n.beforeHidden || n.afterHidden
	beforeMask, afterMask := n.beforeMask, n.afterMask
	if hidden { // one side would tell about the other
		beforeMask, afterMask = true, true
	}
	before, hits := w.secrets.text(n.before, beforeMask, nil), w.secrets.hits
	after := w.secrets.text(n.after, afterMask, n.unknown)
	if w.secrets.hits > hits {
		w.concealed = append(w.concealed, path)
	}
	w.paths = append(w.paths, PathChange{
		Path:      path,
		Before:    before,
		After:     after,
		Sensitive: hidden,
		Unknown:   n.unknown == true || hidden && anyTrue(n.unknown),
		Forces:    w.forces.touches(path),
		Volatile:  isVolatile,
	})
}

// entry is what the digest knows of a leaf. A value that is unknown is compared with nothing before it.
func (n node) entry(path string) digestEntry {
	e := digestEntry{Path: path, Before: n.before, After: n.after}
	if anyTrue(n.unknown) {
		e.Unknown = n.unknown
	}
	if n.unknown == true {
		e.Before, e.After = nil, nil
	}
	if n.beforeHidden != n.afterHidden {
		e.Sensitive = &n.afterHidden
	}
	return e
}

// regrouped reports whether a list changed in more than one element.
func (n node) regrouped(length int) bool {
	if lengthOf(n.before) != lengthOf(n.after) {
		return true
	}
	changed := 0
	for i := 0; i < length && changed < 2; i++ {
		if n.index(i).changed() {
			changed++
		}
	}
	return changed > 1
}

// lengthOf is the number of elements of a list; -1 of null, 0 of all else.
func lengthOf(v any) int {
	switch v := v.(type) {
	case nil:
		return -1
	case []any:
		return len(v)
	}
	return 0
}

// joinPath is the path of an attribute.
func joinPath(path, key string) string {
	switch {
	case !isName(key):
		return path + "[" + compact(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// isName reports whether a key can be written without quotes.
func isName(key string) bool {
	for i, c := range []byte(key) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return key != ""
}
