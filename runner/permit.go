package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/driftlessops/driftless/runner/forge"
)

// levels are the words for permissions in a repository.
var levels = map[string]forge.Permission{
	"read": forge.Read, "triage": forge.Triage, "write": forge.Write, "maintain": forge.Maintain, "admin": forge.Admin,
}

// may reports whether somebody is one of those whom words name: a permission in the repository and all above it,
// "team:NAME" or "user:LOGIN". The forge is asked each time: who left a team may do nothing any more.
func (w *watcher) may(ctx context.Context, login string, words []string) (bool, error) {
	var asked *forge.Permission
	var problems []error
	for _, word := range words {
		kind, name, _ := strings.Cut(word, ":")
		switch kind {
		case "user":
			if strings.EqualFold(name, login) {
				return true, nil
			}
		case "team":
			member, err := w.host.Member(ctx, name, login)
			if err != nil {
				problems = append(problems, fmt.Errorf("whether %s may do this is not known: %w", login, err))
			} else if member {
				return true, nil
			}
		default:
			if asked == nil {
				has, err := w.host.Permission(ctx, login)
				if err != nil {
					return false, err
				}
				asked = &has
			}
			if least, ok := levels[word]; ok && *asked >= least {
				return true, nil
			}
		}
	}
	return false, errors.Join(problems...)
}

// whoMay is a list of permission words, for people.
func whoMay(words []string) string {
	var parts []string
	for _, word := range words {
		kind, name, _ := strings.Cut(word, ":")
		switch kind {
		case "team":
			parts = append(parts, "members of team "+name)
		case "user":
			parts = append(parts, name)
		default:
			parts = append(parts, "people with "+word+" permission")
		}
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, ", ")
}
