package workspaces

import (
	"github.com/hashicorp/hcl/v2"
)

// Limit is a limit block: how many runs of some workspaces are under way at a time.
type Limit struct {
	Name   string
	Labels map[string]string // all must be equal to the workspace's
	Runs   int               // at least 1
	Range  hcl.Range
}

// Covers reports whether a limit is about a workspace with these labels.
func (l Limit) Covers(labels map[string]string) bool {
	for name, value := range l.Labels {
		if has, ok := labels[name]; !ok || has != value {
			return false
		}
	}
	return true
}

// EveryLabel are the labels of a workspace that only a pull request has: those that it gives, and those that the tracked branch and
// the operator's file give already, which win.
func (w *Workspace) EveryLabel() map[string]string { return union(w.Labels, w.TrustedLabels) }

func (d *decoder) limit(b limitBlock) Limit {
	l := Limit{Name: b.Name, Labels: d.stringMap(b.Labels), Range: b.Range}
	if b.Labels == nil || b.Runs == nil {
		d.fail(b.Range, "Incomplete limit", "A limit needs labels = { … }, which say what workspaces it is about, and runs = how many of their runs work at a time.")
	}
	if n := d.count(b.Runs); n != nil {
		l.Runs = *n
	}
	if b.Labels != nil && l.Labels != nil && len(l.Labels) == 0 {
		d.wrong(b.Labels, "This must name a label at least, such as { account = \"prod\" }: it says which workspaces the limit is about. How many runs work at a time in all is said by concurrency.")
	}
	return l
}
