package workspaces

import (
	"slices"
	"strings"
)

// patterns keeps repositories with a block of their own out of patterns, and their names apart.
func (d *decoder) patterns(all []Repository) {
	for i := range all {
		p := &all[i]
		if p.Pattern == "" {
			continue
		}
		for _, r := range all {
			owner, name, _ := strings.Cut(r.Path, "/")
			if r.Pattern == "" && r.Forge == p.Forge && strings.EqualFold(owner, p.Path) && name != "" {
				p.Exclude = append(p.Exclude, name)
			}
			if strings.HasPrefix(r.Name, p.Name+".") {
				d.fail(r.Range, "Wrong repository name", "Names that begin with %q belong to the repositories of the pattern %q (%s).", p.Name+".", p.Name, p.Range)
			}
		}
	}
}

// Member returns the repository that a pattern's block describes for one of the owner's repositories: named LABEL.NAME. It
// is false when the pattern leaves it out. Letter case does not count, as on forges.
func (r Repository) Member(name string) (Repository, bool) {
	lower := strings.ToLower(name)
	fits := func(globs ...string) bool {
		for i := range globs {
			globs[i] = strings.ToLower(globs[i])
		}
		_, ok := matchAny(globs, lower)
		return ok
	}
	if r.Pattern == "" || !forgeWord.MatchString(name) || !fits(r.Pattern) || fits(slices.Clone(r.Exclude)...) {
		return Repository{}, false
	}
	i := strings.LastIndex(r.URL, r.Pattern)
	r.URL = r.URL[:i] + name + r.URL[i+len(r.Pattern):]
	r.Name, r.Path, r.Pattern, r.Exclude = r.Name+"."+name, r.Path+"/"+name, "", nil
	return r, true
}
