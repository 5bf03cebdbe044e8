package workspaces

import "github.com/hashicorp/hcl/v2"

// Doubts are warnings about what an operator's file allows, and whoever wrote it may not have meant.
func (c *Config) Doubts() (diags hcl.Diagnostics) {
	for _, r := range c.Repositories {
		for _, id := range c.Identities {
			if r.Pattern != "" && len(id.Repositories) == 0 && !r.settles(id.Labels) {
				diags = append(diags, warningAt(id.Range, "Identity for repositories that are not made yet",
					"The pattern of repository %q takes up whatever gets a matching name, and driftless.hcl there gives its workspaces the directories and labels that identity %q asks for: "+
						"whoever may make such a repository is granted it. Name the repositories that it is for: repositories = [%q]", r.Name, id.Name, r.Name+".NAME"))
			}
		}
	}
	return diags
}

// settles reports whether a repository's block says for all of its workspaces what one of these labels is, which driftless.hcl
// cannot change.
func (r Repository) settles(labels map[string]string) bool {
	for _, b := range r.Settings.Defaults {
		for name := range labels {
			if _, set := b.Labels[name]; set && len(b.Dirs) == 0 {
				return true
			}
		}
	}
	return false
}
