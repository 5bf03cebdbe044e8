package planner

import (
	"fmt"
	"iter"
)

// pathSet holds paths (true) and what they are within (false).
type pathSet map[string]bool

// newPathSet returns the set of paths.
func newPathSet(paths []string) pathSet {
	s := pathSet{}
	for _, path := range paths {
		for parent := range parents(path) {
			if _, ok := s[parent]; !ok {
				s[parent] = false
			}
		}
		s[path] = true
	}
	return s
}

// touches reports whether path, something that it is within, or something within it is in the set.
func (s pathSet) touches(path string) bool {
	if _, ok := s[path]; ok || s[""] {
		return true
	}
	if len(s) > 0 {
		for parent := range parents(path) {
			if s[parent] {
				return true
			}
		}
	}
	return false
}

// stepsPath is the text of a path that is given in steps, as in replace_paths and relevant_attributes.
func stepsPath(v any) string {
	steps, _ := v.([]any)
	path := ""
	for _, step := range steps {
		if key, ok := step.(string); ok {
			path = joinPath(path, key)
		} else {
			path = fmt.Sprintf("%s[%v]", path, step)
		}
	}
	return path
}

// parents are the paths that path is within, from the top.
func parents(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range len(path) {
			if (path[i] == '.' || path[i] == '[') && !yield(path[:i]) {
				return
			}
		}
	}
}
