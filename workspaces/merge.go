package workspaces

import (
	"maps"
	"path"
	"time"
)

// over lays the next block over b: single values and lists are replaced, maps are merged by key.
func (b Block) over(next Block) Block {
	replace(&b.Engine, next.Engine)
	replace(&b.Version, next.Version)
	replace(&b.Owner, next.Owner)
	replace(&b.TerraformWorkspace, next.TerraformWorkspace)
	replace(&b.Apply, next.Apply)
	replace(&b.RenamedFrom, next.RenamedFrom)
	replace(&b.Parallelism, next.Parallelism)
	replace(&b.Freshness, next.Freshness)
	for _, list := range []struct{ to, from *[]string }{
		{&b.VarFiles, &next.VarFiles}, {&b.DependsOn, &next.DependsOn}, {&b.Watch, &next.Watch}, {&b.Volatile, &next.Volatile},
	} {
		if *list.from != nil {
			*list.to = *list.from
		}
	}
	if next.Require != nil {
		b.Require = next.Require
	}
	b.Permissions = b.Permissions.over(next.Permissions)
	b.Variables = union(b.Variables, next.Variables)
	b.Labels = union(b.Labels, next.Labels)
	b.BackendConfig = union(b.BackendConfig, next.BackendConfig)
	b.Drift = b.Drift.over(next.Drift)
	b.Timeouts = b.Timeouts.over(next.Timeouts)
	return b
}

func (b *DriftBlock) over(next *DriftBlock) *DriftBlock {
	var merged DriftBlock
	for _, d := range []*DriftBlock{b, next} {
		if d != nil {
			replace(&merged.Schedule, d.Schedule)
			replace(&merged.Reconcile, d.Reconcile)
		}
	}
	return &merged
}

func replace[T comparable](to *T, from T) {
	var zero T
	if from != zero {
		*to = from
	}
}

func union(a, b map[string]string) map[string]string {
	if len(a)+len(b) == 0 {
		return nil
	}
	merged := maps.Clone(a)
	if merged == nil {
		merged = map[string]string{}
	}
	maps.Copy(merged, b)
	return merged
}

// effective merges all that is said about a workspace, given the settings of the repository's file.
func (r *resolver) effective(t target, file fileSettings) Block {
	merged := Block{Engine: "", Apply: OnMerge, Freshness: new(defaultFreshness), Permissions: defaultPermissions(), Require: defaultRequire()}
	lay := func(defaults []Block, workspaces blockIndex) {
		for _, b := range defaults {
			if _, ok := matchAny(b.Dirs, t.dir); ok || len(b.Dirs) == 0 {
				b.DependsOn = without(b.DependsOn, t)
				merged = merged.over(b)
			}
		}
		if b := workspaces[t]; b != nil {
			merged = merged.over(*b)
		}
	}
	lay(r.src.Operator.Defaults, nil)
	lay(file.Defaults, file.blocks)
	lay(r.src.Repository.Settings.Defaults, r.own)
	return merged
}

const defaultFreshness = 24 * time.Hour

// without drops a workspace itself from depends_on of a defaults block: "all depend on global" does not mean global.
func without(words []string, t target) []string {
	if words == nil {
		return nil
	}
	kept := []string{}
	for _, w := range words {
		if path.Clean(w) != t.String() && (t.name == "" || w != t.name) {
			kept = append(kept, w)
		}
	}
	return kept
}
