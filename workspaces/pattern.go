package workspaces

import (
	"slices"
	"strings"
)

// once refuses a second block for a repository at a forge: both would write the same statuses, and each would take back what
// the other says.
func (d *decoder) once(all []Repository, forges []Forge) {
	hosts := map[string]string{}
	for _, f := range forges {
		hosts[f.Name] = strings.ToLower(f.URL)
	}
	first := map[string]*Repository{}
	for i := range all {
		r := &all[i]
		if r.Path == "" {
			continue
		}
		key := hosts[r.Forge] + "/" + strings.ToLower(r.Path+"/"+r.Pattern)
		other, twice := first[key]
		if !twice {
			first[key] = r
			continue
		}
		d.fail(r.Range, "One repository twice", "%s is the repository %q already (%s). A repository at a forge has one block and one tracked branch, because its commits have one set of statuses: remove this block. What another branch would hold can be a directory of its own, or a workspace with other variables.",
			strings.TrimSuffix(r.Path+"/"+r.Pattern, "/"), other.Name, other.Range)
	}
}

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
