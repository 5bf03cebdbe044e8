package workspaces

import (
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
)

var (
	rights       = []string{"read", "triage", "write", "maintain", "admin"}
	requirements = []string{string(Approved), string(Mergeable), string(Undiverged)}
)

func (d *decoder) permissions(b *permissionsBody) *Permissions {
	if b == nil {
		return nil
	}
	return &Permissions{Plan: d.who(b.Plan), Apply: d.who(b.Apply), Approve: d.who(b.Approve)}
}

// who reads a list of rights, "team:NAME" and "user:LOGIN".
func (d *decoder) who(a *hcl.Attribute) []string {
	all := d.list(a, nil)
	for _, word := range all {
		kind, name, named := strings.Cut(word, ":")
		switch {
		case word == "": // was reported
		case !named && !slices.Contains(rights, word):
			d.wrong(a, "%q is not known here; it must be one of %s, \"team:NAME\" or \"user:LOGIN\".%s", word, quoted(rights), didYouMean(word, rights...))
		case named && kind != "team" && kind != "user":
			d.wrong(a, "%q: before the colon must be \"team\" or \"user\".%s", word, didYouMean(kind, "team", "user"))
		case named && !isWho(kind, name):
			d.wrong(a, "%q does not name a %s. Write it without @: \"team:platform\", \"team:acme/platform\" or \"user:anna\".", word, kind)
		}
	}
	return all
}

// isWho reports whether a name may be one of a user, or of a team with or without its organisation.
func isWho(kind, name string) bool {
	parts := strings.Split(name, "/")
	if kind == "user" && len(parts) > 1 || len(parts) > 2 || slices.Contains(parts, "") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r == '@' || r == ',' || unicode.IsSpace(r) || unicode.IsControl(r) })
}

// require reads the conditions of an apply before the merge. A list that is set is never nil.
func (d *decoder) require(a *hcl.Attribute) []Requirement {
	words := d.list(a, nil)
	if words == nil {
		return nil
	}
	all := []Requirement{}
	for _, word := range words {
		if word != "" && d.isKnown(a, word, requirements...) {
			all = append(all, Requirement(word))
		}
	}
	return all
}

// defaultPermissions are those of a workspace that nothing is said about.
func defaultPermissions() *Permissions {
	return &Permissions{Plan: []string{"write"}, Apply: []string{"write"}, Approve: []string{"admin"}}
}

func defaultRequire() []Requirement { return []Requirement{Approved, Mergeable, Undiverged} }

// over lays the next block over p: each list that is set replaces the earlier one.
func (p *Permissions) over(next *Permissions) *Permissions {
	var merged Permissions
	for _, from := range []*Permissions{p, next} {
		if from == nil {
			continue
		}
		for _, list := range []struct{ to, from *[]string }{{&merged.Plan, &from.Plan}, {&merged.Apply, &from.Apply}, {&merged.Approve, &from.Approve}} {
			if *list.from != nil {
				*list.to = *list.from
			}
		}
	}
	return &merged
}

// texts is what is permitted, as configuration attributes.
func (p *Permissions) texts() map[string]string {
	all := map[string]string{}
	if p == nil {
		return all
	}
	for name, list := range map[string][]string{"plan": p.Plan, "apply": p.Apply, "approve": p.Approve} {
		if list != nil {
			all["permissions."+name] = "[" + quoted(list) + "]"
		}
	}
	return all
}

func requireText(all []Requirement) string {
	words := make([]string, len(all))
	for i, r := range all {
		words[i] = string(r)
	}
	return "[" + quoted(words) + "]"
}
