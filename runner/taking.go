package runner

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// untaken begins the reason of a run that no replica takes.
const untaken = "waits for a replica that may take it"

// takes reports whether this process may take a run by the labels of its workspace; where it may not, it says why nobody that is
// alive does, if so.
func (m *membership) takes(tx Tx, run Run) (mine bool, nobody string, err error) {
	m.mu.Lock()
	live := m.live
	m.mu.Unlock()
	if len(m.self.Takes) == 0 {
		return true, "", nil
	}
	rec, err := tx.Workspace(run.Workspace)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, "", err
	}
	fits := func(o Replica) bool { return o.Kind != Stopping && Selector(o.Takes).Takes(rec.Labels) }
	if fits(m.self) {
		return true, "", nil
	} else if slices.ContainsFunc(live, fits) {
		return false, "", nil
	}
	return false, fmt.Sprintf("%s: %s, and no replica that is alive takes runs of such. `driftless replicas` lists what each takes; start one that does, such as `driftless worker` with --label", untaken, labelText(rec.Labels)), nil
}

func labelText(labels map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, key+"="+labels[key])
	}
	if len(all) == 0 {
		return "the tracked branch gives the workspace no labels"
	}
	return "the workspace is labeled " + strings.Join(all, ", ")
}
