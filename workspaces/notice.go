package workspaces

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// permissions is what a workspace may do, as configuration attributes.
func (b Block) permissions() map[string]string {
	drift := b.Drift.over(nil)
	p := b.Permissions.texts()
	maps.Copy(p, map[string]string{
		"engine": strconv.Quote(b.Engine), "apply": strconv.Quote(string(b.Apply)), "freshness": strconv.Quote(b.Freshness.String()),
		"version": quoteSet(b.Version), "drift.schedule": quoteSet(drift.Schedule), "labels": mapText(b.Labels), "volatile": listText(b.Volatile),
	})
	maps.Copy(p, b.Timeouts.texts())
	if b.Require != nil {
		p["require"] = requireText(b.Require)
	}
	if b.Parallelism != nil {
		p["parallelism"] = strconv.Itoa(*b.Parallelism)
	}
	if drift.Reconcile != nil {
		p["drift.reconcile"] = strconv.FormatBool(*drift.Reconcile)
	}
	return p
}

func quoteSet(s string) string {
	if s == "" {
		return ""
	}
	return strconv.Quote(s)
}

func listText(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return "[" + quoted(list) + "]"
}

func mapText(m map[string]string) string {
	var all []string
	for _, k := range sortedKeys(m) {
		all = append(all, fmt.Sprintf("%s = %q", k, m[k]))
	}
	if len(all) == 0 {
		return ""
	}
	return "{ " + strings.Join(all, ", ") + " }"
}

// notice records which edits of the planned file take effect only after the merge.
func (r *resolver) notice(t target, is, may Block) {
	wanted, allowed := is.permissions(), may.permissions()
	for _, name := range sortedKeys(union(wanted, allowed)) {
		switch {
		case wanted[name] == allowed[name]:
		case name == "labels":
			r.note("workspace %s: labels = %s grants identities only after the merge", t, orNothing(wanted[name]))
		case wanted[name] == "":
			r.note("workspace %s: removing %s = %s takes effect after the merge", t, name, allowed[name])
		default:
			r.note("workspace %s: %s = %s takes effect after the merge", t, name, wanted[name])
		}
	}
}

func orNothing(s string) string {
	if s == "" {
		return "{}"
	}
	return s
}

func (r *resolver) note(format string, args ...any) {
	r.set.Notices = append(r.set.Notices, fmt.Sprintf(format, args...))
}

// noticePolicies does the same for what is not about one workspace.
func (r *resolver) noticePolicies() {
	if r.tv == r.v {
		return
	}
	wanted, allowed := policyPaths(r.planned.Policies), policyPaths(r.trusted.Policies)
	for _, name := range sortedKeys(union(wanted, allowed)) {
		if wanted[name] != allowed[name] {
			r.note("policy %q: the edit takes effect after the merge", name)
		}
	}
	var was, is Discovery
	if r.planned.Discovery != nil {
		is = *r.planned.Discovery
	}
	if r.trusted.Discovery != nil {
		was = *r.trusted.Discovery
	}
	if !slices.Equal(is.Exclude, was.Exclude) {
		r.note("discovery: exclude = [%s] takes effect after the merge", quoted(is.Exclude))
	}
	if on, before := is.Enabled == nil || *is.Enabled, was.Enabled == nil || *was.Enabled; on != before {
		r.note("discovery: enabled = %t takes effect after the merge", on)
	}
}

func policyPaths(policies []Policy) map[string]string {
	m := map[string]string{}
	for _, p := range policies {
		m[p.Name] = p.Path
	}
	return m
}
