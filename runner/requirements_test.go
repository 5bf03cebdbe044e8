package runner

import (
	"strings"
	"testing"

	"github.com/driftlessops/driftless/runner/forge"
	"github.com/driftlessops/driftless/workspaces"
)

// TestRequirements asks for what no workspace may leave out of its requirements: that the pull request is still the one that was
// planned.
func TestRequirements(t *testing.T) {
	t.Parallel()
	pull := Pull{State: Open, Head: "h", Target: "main"}
	fits := forge.PullState{Open: true, Head: "h", Base: "main"}
	for name, c := range map[string]struct {
		change func(p *Pull, s *forge.PullState, ws *workspaces.Workspace)
		says   string
	}{
		"as it was planned":    {func(*Pull, *forge.PullState, *workspaces.Workspace) {}, ""},
		"closed meanwhile":     {func(_ *Pull, s *forge.PullState, _ *workspaces.Workspace) { s.Open = false }, "not open"},
		"merged meanwhile":     {func(_ *Pull, s *forge.PullState, _ *workspaces.Workspace) { s.Merged = true }, "not open"},
		"pushed to meanwhile":  {func(_ *Pull, s *forge.PullState, _ *workspaces.Workspace) { s.Head = "i" }, "newest commit"},
		"retargeted meanwhile": {func(_ *Pull, s *forge.PullState, _ *workspaces.Workspace) { s.Base = "dev" }, "merged into `dev`"},
		"made a draft":         {func(_ *Pull, s *forge.PullState, _ *workspaces.Workspace) { s.Draft = true }, "draft"},
		"left alone by now":    {func(p *Pull, _ *forge.PullState, _ *workspaces.Workspace) { p.Aside = "It comes from a fork." }, "fork"},
		"not before the merge": {func(_ *Pull, _ *forge.PullState, ws *workspaces.Workspace) { ws.Apply = workspaces.OnMerge }, "after the merge"},
		"nobody approved it": {func(_ *Pull, _ *forge.PullState, ws *workspaces.Workspace) {
			ws.Require = []workspaces.Requirement{workspaces.Approved}
		}, "approving review"},
		"somebody is against it": {func(_ *Pull, s *forge.PullState, ws *workspaces.Workspace) {
			s.Rejected, ws.Require = []string{"ben"}, []workspaces.Requirement{workspaces.Approved}
		}, "asks for changes"},
		"its base has moved": {func(_ *Pull, _ *forge.PullState, ws *workspaces.Workspace) {
			ws.Require = []workspaces.Requirement{workspaces.Undiverged}
		}, "up to date"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, s, ws := pull, fits, workspaces.Workspace{ID: "r//app", Apply: workspaces.BeforeMerge}
			c.change(&p, &s, &ws)
			err := (&watcher{}).requirements(t.Context(), p, before{ws: &ws}, s)
			if err == nil && c.says != "" || err != nil && (c.says == "" || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("says %v, not %q", err, c.says)
			}
		})
	}
}
