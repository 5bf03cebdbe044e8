package planner

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// withoutCheckouts replaces several roots by a token, nil when there is none to replace.
func withoutCheckouts(token string, roots ...string) func(string) string {
	var all []func(string) string
	for _, root := range roots {
		if f := withoutCheckout(token, root); f != nil {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return func(s string) string {
		for _, f := range all {
			s = f(s)
		}
		return s
	}
}

// moved reports whether all that an update changes is the path of the checkout, as abspath() gives it: an apply, which
// is checked out where the last one was, would not do it.
func (r *resourceChange) moved(token string) bool {
	n := r.node
	return r.action == Update && r.previous == "" && r.importing == nil && !anyTrue(n.unknown) &&
		holdsToken(n.after, token) && reflect.DeepEqual(n.before, n.after) && reflect.DeepEqual(n.beforeMask, n.afterMask)
}

// holdsToken reports whether the checkout's token is in any string of a value.
func holdsToken(v any, token string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, token)
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return holdsToken(element, token) })
	case object:
		for _, element := range v {
			if holdsToken(element, token) {
				return true
			}
		}
	}
	return false
}

// withoutCheckout returns a function that replaces the checkout's root in a text, nil when there is none to replace.
func withoutCheckout(token, root string) func(string) string {
	if !filepath.IsAbs(root) {
		return nil
	}
	if root = filepath.Clean(root); root == string(filepath.Separator) {
		return nil
	}
	return func(s string) string {
		if !strings.Contains(s, root) {
			return s
		}
		var out strings.Builder
		for {
			before, after, found := strings.Cut(s, root)
			out.WriteString(before)
			if !found {
				return out.String()
			}
			if after != "" && inName(after[0]) { // "/checkouts/1" is not part of "/checkouts/12"
				out.WriteString(root)
			} else {
				out.WriteString(token)
			}
			s = after
		}
	}
}

// inName reports whether a byte continues a file name.
func inName(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= 0x80 ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// rewrite applies f to every string of a JSON value, in place where it can, and returns the value.
func rewrite(v any, f func(string) string) any {
	switch v := v.(type) {
	case string:
		return f(v)
	case []any:
		for i := range v {
			v[i] = rewrite(v[i], f)
		}
	case object:
		for key, value := range v {
			changed := rewrite(value, f)
			if name := f(key); name != key {
				delete(v, key)
				key = name
			}
			v[key] = changed
		}
	}
	return v
}
