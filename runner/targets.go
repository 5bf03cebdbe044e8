package runner

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/driftlessops/driftless/runner/command"
	"github.com/driftlessops/driftless/workspaces"
)

// targets are the workspaces that a comment means: all that the pull request touches, or the ones it names. What it holds
// already can be settled or given up however the pull request stands.
func (h *hearing) targets(ctx context.Context, pull Pull) ([]*workspaces.Workspace, error) {
	settles := pull.State != Open || h.cmd.Verb == command.Unlock || h.cmd.Verb.Settles()
	if pull.Aside != "" && !settles {
		return nil, userError(pull.Aside)
	}
	if (pull.Tree == "" || pull.Error != "") && !settles {
		return nil, userError("This pull request cannot be planned as it is (" + plainWord(orElse(strings.TrimRight(firstLine(pull.Error), ":"), "it conflicts with the tracked branch")) + "): mend that, and push. It is planned then by itself.")
	}
	set, err := h.w.judgedSet(ctx, orElse(pull.Tree, pull.Head))
	if err != nil && (!settles || ctx.Err() != nil) {
		return nil, err
	}
	ids := pull.Affected
	if settles {
		if err := h.w.r.opts.Store.View(ctx, func(tx Tx) error {
			ids, err = withApplied(tx, pull)
			return err
		}); err != nil {
			return nil, err
		}
	}
	var all []*workspaces.Workspace
	for _, id := range ids {
		if ws := h.w.known(set, id); ws != nil {
			all = append(all, ws)
		}
	}
	return h.named(all)
}

// known is a workspace as a tree has it, or, if it is not there, as the tracked branch has it.
func (w *watcher) known(set *workspaces.Set, id workspaces.ID) *workspaces.Workspace {
	for _, s := range []*workspaces.Set{set, w.tracked.Load()} {
		if s == nil {
			continue
		}
		if ws := s.Workspace(id); ws != nil {
			return ws
		}
	}
	return nil
}

// judgedSet resolves a tree of a pull request; what its workspaces may do is what the tracked branch says now.
func (w *watcher) judgedSet(ctx context.Context, tree string) (*workspaces.Set, error) {
	repo, err := w.record(ctx)
	if err != nil {
		return nil, err
	}
	commit, err := w.mirror.Commit(ctx, repo.Head)
	if err != nil {
		return nil, err
	}
	return w.resolve(ctx, tree, commit.Tree)
}

// named leaves the workspaces that -w and -d name. A name that fits nothing is a mistake, and so is a word that looks like
// the name of a workspace and was not given as one.
func (h *hearing) named(all []*workspaces.Workspace) ([]*workspaces.Workspace, error) {
	for _, word := range h.cmd.Ignored {
		if slices.ContainsFunc(all, func(ws *workspaces.Workspace) bool { return isCalled(ws, word) || ws.Dir == path.Clean(word) }) {
			return nil, userError(fmt.Sprintf("Is %q a workspace that you mean? Write `driftless %s -w %s`.", word, h.cmd.Verb, command.Quote(word)))
		}
	}
	if len(h.cmd.Workspaces)+len(h.cmd.Dirs) == 0 {
		return all, nil
	}
	var chosen []*workspaces.Workspace
	take := func(flag, value string, fits func(*workspaces.Workspace) bool) error {
		before := len(chosen)
		for _, ws := range all {
			if fits(ws) && !slices.Contains(chosen, ws) {
				chosen = append(chosen, ws)
			}
		}
		if len(chosen) == before && !slices.ContainsFunc(chosen, fits) {
			return userError(fmt.Sprintf("`%s %s` fits no workspace of this pull request. It touches: %s.", flag, plainWord(value), namesOf(all)))
		}
		return nil
	}
	for _, name := range h.cmd.Workspaces {
		if err := take("-w", name, func(ws *workspaces.Workspace) bool { return isCalled(ws, name) }); err != nil {
			return nil, err
		}
	}
	for _, dir := range h.cmd.Dirs {
		if err := take("-d", dir, func(ws *workspaces.Workspace) bool { return ws.Dir == dir || strings.HasPrefix(ws.Dir, dir+"/") }); err != nil {
			return nil, err
		}
	}
	return chosen, nil
}

func isCalled(ws *workspaces.Workspace, name string) bool {
	return name == string(ws.ID) || name == afterRepository(ws.ID) || ws.Name != "" && name == ws.Name
}

// plainWord takes out of a word of somebody's what could end the code that it is quoted in.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' {
			return '?'
		}
		return r
	}, s)
}

func namesOf(all []*workspaces.Workspace) string {
	const most = 20
	var names []string
	for i, ws := range all {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		names = append(names, "`"+plainWord(afterRepository(ws.ID))+"`")
	}
	return orElse(strings.Join(names, ", "), "none")
}
