package runner

import (
	"fmt"
	"slices"
	"strings"
)

// Selector says which workspaces a replica takes runs of: "env=prod" wants a label with this value, "env!=prod" that there is
// none with it. All must hold; an empty one takes all. It looks at the labels that the tracked branch gives a workspace, so
// that no pull request labels itself onto a machine. A workspace that is not on the tracked branch yet has none.
type Selector []string

// Check says what is wrong with a selector.
func (s Selector) Check() error {
	for _, term := range s {
		if key, _, _ := parseTerm(term); key == "" {
			return fmt.Errorf("%q is no condition on labels: write KEY=VALUE, or KEY!=VALUE for all others", term)
		}
	}
	return nil
}

func parseTerm(term string) (key, value string, equal bool) {
	key, value, found := strings.Cut(term, "=")
	if !found {
		return "", "", false
	}
	key, not := strings.CutSuffix(key, "!")
	return key, value, !not
}

// Takes reports whether a workspace with these labels fits.
func (s Selector) Takes(labels map[string]string) bool {
	return !slices.ContainsFunc(s, func(term string) bool {
		key, value, equal := parseTerm(term)
		has, ok := labels[key]
		return (ok && has == value) != equal
	})
}

// String is the selector as it is written.
func (s Selector) String() string { return strings.Join(s, ", ") }
