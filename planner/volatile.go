package planner

import (
	"regexp"
	"strings"
)

// volatile says which paths of which addresses are left out of change digests.
type volatile []volatilePattern

type volatilePattern struct{ address, path *regexp.Regexp }

// newVolatile reads patterns "ADDRESS:attribute.path", or "attribute.path" for any address; "*" stands for any text.
// A pattern covers everything below the path that it names.
func newVolatile(patterns []string, checkout token) volatile {
	var v volatile
	for _, pattern := range patterns {
		address, path := splitVolatile(strings.TrimSpace(pattern))
		if path == "" {
			continue
		}
		v = append(v, volatilePattern{
			address: regexp.MustCompile(`(?s)^` + checkout.pattern(glob(address)) + `$`),
			path:    regexp.MustCompile(`(?s)^` + checkout.pattern(glob(path)) + `(?:$|[.\[])`),
		})
	}
	return v
}

// splitVolatile cuts at the first colon that is not within an index such as ["arn:aws"].
func splitVolatile(pattern string) (address, path string) {
	quoted := false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			return pattern[:i], pattern[i+1:]
		}
	}
	return "*", pattern
}

// glob is the regular expression of a text with stars.
func glob(text string) string {
	return strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `.*`)
}

// of returns the patterns for one address.
func (v volatile) of(address string) volatile {
	var matching volatile
	for _, p := range v {
		if p.address.MatchString(address) {
			matching = append(matching, p)
		}
	}
	return matching
}

// path reports whether a path is volatile; v holds the patterns for its address.
func (v volatile) path(path string) bool {
	for _, p := range v {
		if p.path.MatchString(path) {
			return true
		}
	}
	return false
}
