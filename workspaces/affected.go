package workspaces

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Effect says what a change does to one workspace.
type Effect struct {
	Workspace  *Workspace // at head; at base when removed
	Affected   bool
	Removed    bool   // in base, not in head: an orphan after the merge
	Reason     string // "module modules/vpc changed", "added", "removed", "unchanged", …
	Base, Head Digest
}

// Affected compares two sets by input digests. The result has every workspace of either, sorted by ID. A workspace whose
// digest cannot be computed counts as affected, and its Reason says why; the error is of ctx only.
func (d *Digester) Affected(ctx context.Context, base, head *Set) ([]Effect, error) {
	before := map[ID]*Workspace{}
	for _, w := range base.Workspaces {
		before[w.ID] = w
	}
	effects := make([]Effect, len(head.Workspaces))
	here, renamed := map[ID]bool{}, map[ID]ID{}
	for _, w := range head.Workspaces {
		here[w.ID] = true
		if w.RenamedFrom != "" {
			renamed[ID(w.Repository+"//"+w.RenamedFrom)] = w.ID
		}
	}
	parallel(len(effects), func(i int) {
		w := head.Workspaces[i]
		e := Effect{Workspace: w, Affected: true}
		if err := d.compare(ctx, base, head, before[w.ID], &e); err != nil {
			e.Reason = fmt.Sprintf("its inputs cannot be determined: %s", err)
		}
		effects[i] = e
	})
	for _, w := range base.Workspaces {
		if !here[w.ID] {
			e := Effect{Workspace: w, Affected: true, Removed: true, Reason: "removed"}
			if to := renamed[w.ID]; to != "" {
				e.Reason = fmt.Sprintf("renamed to %s", to)
			}
			e.Base, _ = d.digest(ctx, base, w, head)
			effects = append(effects, e)
		}
	}
	slices.SortStableFunc(effects, func(a, b Effect) int {
		return strings.Compare(string(a.Workspace.ID), string(b.Workspace.ID))
	})
	return effects, ctx.Err()
}

// compare fills an effect. Both sides see the same engines and the same commits behind Git refs: a ref that moves meanwhile is no change of ours.
func (d *Digester) compare(ctx context.Context, base, head *Set, was *Workspace, e *Effect) (err error) {
	w := e.Workspace
	if e.Head, err = d.digest(ctx, head, w, head); err != nil {
		return err
	}
	if was == nil {
		e.Reason = "added"
		if w.RenamedFrom != "" {
			e.Reason = "renamed from " + w.RenamedFrom
		}
		return nil
	}
	if e.Base, err = d.before(ctx, base, was, head); err != nil {
		return err
	}
	news := newProblems(was, w)
	e.Affected = e.Base.Sum != e.Head.Sum || len(news) > 0
	switch {
	case e.Base.Sum != e.Head.Sum:
		e.Reason = explain(e.Base.Inputs, e.Head.Inputs)
	case len(news) > 0:
		e.Reason = "broken: " + news[0]
	default:
		e.Reason = "unchanged"
	}
	return nil
}

// digestKey is what a digest without refs depends on besides its tree.
type digestKey struct {
	id     ID
	engine string
	refs   bool // they are looked up
}

// before is the digest of a workspace that another is compared with. Many are compared with the same tree: it remembers those in
// which no ref was looked up.
func (d *Digester) before(ctx context.Context, base *Set, was *Workspace, head *Set) (Digest, error) {
	version, err := d.engine(head, was)
	key := digestKey{was.ID, version, d.ResolveRef != nil}
	if known, ok := base.digests.Load(key); ok && err == nil {
		return known.(Digest), nil
	}
	found, err := d.digest(ctx, base, was, head)
	if err == nil && !slices.ContainsFunc(found.Inputs, func(in Input) bool { return in.Kind == "ref" }) {
		base.digests.Store(key, found)
	}
	return found, err
}

func newProblems(was, is *Workspace) []string {
	var news []string
	for _, p := range is.Problems {
		if !slices.Contains(was.Problems, p) {
			news = append(news, p)
		}
	}
	return news
}

// explain names what differs between two lists of inputs.
func explain(base, head []Input) string {
	type name struct{ kind, name string }
	was, is := map[name]string{}, map[name]string{}
	for _, in := range base {
		was[name{in.Kind, in.Name}] += strings.TrimPrefix(in.ID, "missing")
	}
	for _, in := range head {
		is[name{in.Kind, in.Name}] += strings.TrimPrefix(in.ID, "missing")
	}
	var reasons []string
	for _, in := range slices.Concat(head, base) {
		n := name{in.Kind, in.Name}
		old, new := was[n], is[n]
		if old == new {
			continue
		}
		if r := in.changed(old, new); !slices.Contains(reasons, r) {
			reasons = append(reasons, r)
		}
	}
	if len(reasons) == 0 {
		return "its inputs changed" // a missing module is called no more, or the like
	}
	slices.SortStableFunc(reasons, func(a, b string) int { return weight(a) - weight(b) })
	return some(reasons, 3)
}

// weight orders reasons: what a reader can look at first.
func weight(reason string) int {
	for i, kind := range []string{"file ", "module ", "variable file ", "directory ", "watched ", "configuration "} {
		if strings.HasPrefix(reason, kind) {
			return i
		}
	}
	return 9
}

var kindWords = map[string]string{
	"dir": "directory", "var file": "variable file", "watch": "watched file", "link": "symbolic link", "ref": "Git ref of module",
}

func (in Input) changed(old, new string) string {
	switch in.Kind {
	case "config":
		return fmt.Sprintf("configuration changed (%s)", in.Name)
	case "engine":
		return fmt.Sprintf("engine changed (%s to %s)", orNone(old), orNone(new))
	}
	word, ok := kindWords[in.Kind]
	if !ok {
		word = in.Kind
	}
	verb := "changed"
	switch {
	case old == "":
		verb = "added"
	case new == "":
		verb = "removed"
	}
	return fmt.Sprintf("%s %s %s", word, in.Name, verb)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
