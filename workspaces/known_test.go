package workspaces

import "testing"

// TestKnownModulesFollowLinks changes what links lead to: the directories that hold them keep their tree ids.
func TestKnownModulesFollowLinks(t *testing.T) {
	t.Parallel()
	tree := func(shared, linked string) *MapTree {
		return NewMapTree(map[string]string{
			"known-shared/calls.tf": callTF("m", shared), "known-m/main.tf": "# m", "known-n/main.tf": "# n",
			"known-app/main.tf": "resource \"a\" \"b\" {}", "known-app/terraform.tfvars": "", "known-dirs/x/main.tf": callTF("l", "../../known-link"),
		}, MapFile{"known-app/calls.tf", Symlink, "../known-shared/calls.tf"}, MapFile{"known-link", Symlink, linked})
	}
	dirs := func(set *Set, dir string) (dirs []string) {
		for _, m := range set.files().reach(dir, "terraform") {
			dirs = append(dirs, m.at.path)
		}
		return dirs
	}
	for _, test := range []struct{ shared, linked, called string }{{"../known-m", "known-m", "known-m"}, {"../known-n", "known-n", "known-n"}, {"../known-m", "known-m", "known-m"}} {
		set := resolved(t, tree(test.shared, test.linked))
		for _, dir := range []string{"known-app", "known-dirs/x"} {
			if got := dirs(set, dir); len(got) != 2 || got[1] != test.called {
				t.Errorf("%s reaches %q, not %s", dir, got, test.called)
			}
		}
	}
}
