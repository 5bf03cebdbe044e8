package workspaces

import (
	"strings"
	"testing"
)

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

// TestASubmoduleIsNoKnownDirectory: a link to a commit that has the id of a directory's tree is a submodule all the same.
func TestASubmoduleIsNoKnownDirectory(t *testing.T) {
	t.Parallel()
	files := map[string]string{"sub-app/main.tf": "resource \"a\" \"b\" {}\n" + callTF("m", "../sub-m"), "sub-m/main.tf": "variable \"known\" {}"}
	known := NewMapTree(files)
	set := resolved(t, known)
	if m := set.files().module("sub-m", "terraform"); !m.variables["known"] && len(m.variables) == 0 {
		t.Fatal("it was not read")
	}
	entry, err := known.Lookup("sub-m")
	if err != nil {
		t.Fatal(err)
	}
	delete(files, "sub-m/main.tf")
	other := resolved(t, NewMapTree(files, MapFile{"sub-m", Submodule, entry.ID}))
	if m := other.files().module("sub-m", "terraform"); len(m.variables) > 0 || len(m.files) > 0 {
		t.Errorf("%+v", m)
	}
}

// TestLargeModulesAreNotRemembered: their files are read again, and do not stay in memory for ever.
func TestLargeModulesAreNotRemembered(t *testing.T) {
	t.Parallel()
	for name, large := range map[string]bool{"small-module": false, "large-module": true} {
		text := "resource \"a\" \"" + name + "\" {}\n"
		if large {
			text += strings.Repeat("# a comment\n", maxCachedFile/12+1)
		}
		set := resolved(t, NewMapTree(map[string]string{name + "/main.tf": text}))
		at, err := set.files().follow(name)
		if err != nil {
			t.Fatal(err)
		}
		if known := loadedModules.Contains(moduleAt{moduleKey{name, "terraform"}, at.entry.ID}); known == large {
			t.Errorf("%s is remembered: %t", name, known)
		}
	}
}
