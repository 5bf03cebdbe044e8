package workspaces

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// matchAny returns the first of the globs that matches a path. Globs know *, ?, [a-z], {a,b} and ** for any number of
// directories; "prod/**" matches prod itself.
func matchAny(globs []string, name string) (glob string, ok bool) {
	for _, g := range globs {
		if doublestar.MatchUnvalidated(strings.TrimSuffix(strings.TrimPrefix(g, "./"), "/"), name) {
			return g, true
		}
	}
	return "", false
}

const maxAlternatives = 8

// isCheap keeps out globs that take for ever: every {a,b} doubles the work.
func isCheap(glob string) bool {
	return strings.Count(glob, "{") <= maxAlternatives && len(glob) <= 1024
}

func checkGlob(glob string) error {
	if glob == "" || !doublestar.ValidatePattern(glob) {
		return fmt.Errorf("%q is not a valid glob", glob)
	}
	if !isCheap(glob) {
		return fmt.Errorf("%q has more than %d alternatives {a,b} or is too long: use several globs", glob, maxAlternatives)
	}
	if strings.HasPrefix(glob, "/") || escapes(glob) {
		return fmt.Errorf("%q must be relative to the repository's root and stay inside it", glob)
	}
	return nil
}

// cleanDir checks a directory that is relative to the repository's root; the root is ".".
func cleanDir(dir string) (string, error) {
	switch {
	case dir == "":
		return "", fmt.Errorf("an empty directory; the repository's root is %q", ".")
	case strings.HasPrefix(dir, "/"):
		return "", fmt.Errorf("%q must be relative to the repository's root", dir)
	case strings.ContainsRune(dir, 0):
		return "", fmt.Errorf("%q is not a path", dir)
	case escapes(dir):
		return "", fmt.Errorf("%q leaves the repository", dir)
	}
	return path.Clean(dir), nil
}

func escapes(p string) bool {
	p = path.Clean(p)
	return p == ".." || strings.HasPrefix(p, "../")
}
