package runner

import (
	"path"
	"strings"

	"github.com/driftlessops/driftless/workspaces"
)

// twins finds, for each added workspace without renamed_from, a removed one whose engine files are mostly the same: a rename
// that would build everything a second time.
func twins(base, head *workspaces.Set, effects []workspaces.Effect) map[workspaces.ID]workspaces.ID {
	found := map[workspaces.ID]workspaces.ID{}
	for _, removed := range effects {
		if !removed.Removed {
			continue
		}
		was := engineFiles(base.Tree, removed.Workspace.Dir)
		for _, added := range effects {
			if added.Removed || base.Workspace(added.Workspace.ID) != nil || added.Workspace.RenamedFrom != "" {
				continue
			}
			if similar(was, engineFiles(head.Tree, added.Workspace.Dir)) {
				found[added.Workspace.ID] = removed.Workspace.ID
			}
		}
	}
	return found
}

// engineFiles returns the contents of the engine files of a directory, by object id and by their lines.
func engineFiles(tree workspaces.Tree, dir string) map[string]bool {
	entries, err := tree.List(dir)
	if err != nil {
		return nil
	}
	lines := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name, ".tf") && !strings.HasSuffix(e.Name, ".tofu") && !strings.HasSuffix(e.Name, ".json") {
			continue
		}
		data, err := tree.Read(path.Join(dir, e.Name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); len(line) > 3 {
				lines[line] = true
			}
		}
	}
	return lines
}

// similar reports whether more than half of the distinct lines of a stand in b as well.
func similar(a, b map[string]bool) bool {
	same := 0
	for line := range a {
		if b[line] {
			same++
		}
	}
	return len(a) > 0 && same*2 > len(a) && same*2 > len(b)
}

// renamedFrom is the full earlier identity that a workspace declares, or "".
func renamedFrom(ws *workspaces.Workspace) workspaces.ID {
	if ws.RenamedFrom == "" {
		return ""
	}
	return workspaces.ID(ws.Repository + "//" + ws.RenamedFrom)
}
