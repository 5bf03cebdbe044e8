package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
)

// requirement is which versions of an engine fit.
type requirement struct {
	text     string // for people
	all      version.Constraints
	patterns []*regexp.Regexp   // tfenv's "latest:^1.9"
	exact    []*version.Version // versions that were named exactly
}

// parseRequirement joins constraints in Terraform's syntax, plain versions, and tfenv's "latest" forms, which mean any
// version ("latest", "latest-allowed", "min-required") or one that matches a pattern ("latest:^1.9").
func parseRequirement(constraints []string) (requirement, error) {
	var r requirement
	var texts []string
	for _, c := range constraints {
		c = strings.TrimSpace(c)
		if c == "" {
			continue
		}
		if !slices.Contains(texts, c) {
			texts = append(texts, c)
		}
		if err := r.add(c); err != nil {
			return requirement{}, fmt.Errorf(`engine: %q is not a version constraint; write one such as "1.9.8", "~> 1.9.0" or ">= 1.9, < 2.0": %w`, c, err)
		}
	}
	r.text = strings.Join(texts, ", ")
	if r.text == "" {
		r.text = "(any version)"
	}
	return r, nil
}

func (r *requirement) add(c string) error {
	switch pattern, isPattern := strings.CutPrefix(c, "latest:"); {
	case c == "latest" || c == "latest-allowed" || c == "min-required":
		return nil
	case isPattern:
		re, err := regexp.Compile(pattern)
		if err != nil {
			return err
		}
		r.patterns = append(r.patterns, re)
		return nil
	}
	parsed, err := version.NewConstraint(c)
	if err != nil {
		return err
	}
	r.all = append(r.all, parsed...)
	for _, part := range strings.Split(c, ",") {
		if v, err := version.NewVersion(strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(part), "="))); err == nil {
			r.exact = append(r.exact, v)
		}
	}
	return nil
}

// allows reports whether v fits. A pre-release fits only when it is named exactly.
func (r requirement) allows(v *version.Version) bool {
	if v.Prerelease() != "" && !r.names(v) {
		return false
	}
	for _, p := range r.patterns {
		if !p.MatchString(v.String()) {
			return false
		}
	}
	return r.all.Check(v)
}

func (r requirement) names(v *version.Version) bool {
	return slices.ContainsFunc(r.exact, v.Equal)
}

// atLeast compares versions that are known to be well-formed; others are taken for new ones.
func atLeast(have, want string) bool {
	h, err := version.NewVersion(have)
	if err != nil {
		return true
	}
	return h.GreaterThanOrEqual(version.Must(version.NewVersion(want)))
}
