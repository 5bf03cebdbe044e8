package planner

import (
	"path/filepath"
	"strings"
)

// checkoutToken stands for the root of the checkout, which differs from run to run.
const checkoutToken = "(checkout)"

// withoutCheckout returns a function that replaces the checkout's root in a text, nil when there is none to replace.
func withoutCheckout(root string) func(string) string {
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
				out.WriteString(checkoutToken)
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
