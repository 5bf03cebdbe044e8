package workspaces

import (
	"fmt"
	"strings"
	"testing"
)

func TestGitHubOwners(t *testing.T) {
	t.Parallel()
	o := &ownersFile{}
	o.parse([]byte("# comment\r\n*       @acme/all me@example.com\r\n/prod/  @acme/sre @acme/all # on call\n/prod/free/\nnet/ @net\n*.tofu @tofu\n/a\\ b/ @space\n"))
	for file, want := range map[string]string{
		"main.tf": "@acme/all, me@example.com", "prod/app/main.tf": "@acme/sre, @acme/all", "prod/free/main.tf": "", "x/net/main.tf": "@net",
		"prod/main.tofu": "@tofu", "a b/main.tf": "@space",
	} {
		if got := o.of(file); got != want {
			t.Errorf("%s: %q, not %q", file, got, want)
		}
	}
	if len(o.wrong) > 0 {
		t.Error(o.wrong)
	}
}

func TestGiteaOwners(t *testing.T) {
	t.Parallel()
	o := &ownersFile{sum: true}
	o.parse([]byte("# comment\n.*\\\\.tf @tf @anna # all of it\n/prod/.* @acme/sre\r\n!prod/.*\t @other\nprod/(net|dns)/.* anna net\npath\\ with\\#hash/.* @odd\nmain @short\n"))
	for file, want := range map[string]string{
		"main.tf": "@tf, @anna, @other", "prod/app/main.tf": "@tf, @anna, @acme/sre", "prod/net/main.tofu": "@acme/sre, @anna, @net", "path with#hash/x": "@other, @odd",
		"x/main": "@other", "main": "@other, @short",
	} {
		if got := o.of(file); got != want {
			t.Errorf("%s: %q, not %q", file, got, want)
		}
	}
	if len(o.wrong) > 0 {
		t.Error(o.wrong)
	}
}

func TestWhereOwnersAre(t *testing.T) {
	t.Parallel()
	tree := func(names ...string) Tree {
		files := map[string]string{"a/main.tf": rootTF}
		for _, name := range names {
			files[name] = ".* @" + strings.NewReplacer("/", "-", ".", "").Replace(name) + "\n* @github\n"
		}
		return NewMapTree(files)
	}
	for _, c := range []struct{ kind, files, want string }{
		{gitHub, "CODEOWNERS .github/CODEOWNERS docs/CODEOWNERS .gitea/CODEOWNERS", ".github/CODEOWNERS"},
		{gitHub, "CODEOWNERS docs/CODEOWNERS", "CODEOWNERS"},
		{gitHub, "docs/CODEOWNERS", "docs/CODEOWNERS"},
		{gitHub, ".gitea/CODEOWNERS", ""},
		{gitea, "CODEOWNERS .github/CODEOWNERS .gitea/CODEOWNERS", "CODEOWNERS"},
		{gitea, ".gitea/CODEOWNERS .forgejo/CODEOWNERS .github/CODEOWNERS", ".gitea/CODEOWNERS"},
		{"", ".gitea/CODEOWNERS docs/CODEOWNERS", "docs/CODEOWNERS"},
		{"", ".forgejo/CODEOWNERS", ".forgejo/CODEOWNERS"},
	} {
		o := newView(tree(strings.Fields(c.files)...)).findOwners(c.kind)
		switch {
		case o == nil && c.want != "", o != nil && o.name != c.want:
			t.Errorf("%s: %+v, not %s", c.kind, o, c.want)
		case o != nil && o.sum != (c.kind == gitea || strings.HasPrefix(c.want, ".gitea") || strings.HasPrefix(c.want, ".forgejo")):
			t.Errorf("%s %s has the form of the other forge", c.kind, c.want)
		}
	}
}

func TestOwnerOfAWorkspace(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"a/main.tf": rootTF, "a/backend.tf": "terraform {}", "b/main.tf": rootTF, "b/x.tofu": rootTF, "c/main.tf": rootTF,
		"driftless.hcl": "workspace \"c\" { owner = \"team c\" }", "CODEOWNERS": "* @all\n/a/backend.tf @state\n*.tofu @tofu\n[x] @nobody\n/ @root\n/b bob\n",
	}
	trusted := NewMapTree(files)
	set := resolve(t, trusted)
	if got := fmt.Sprint(set.Workspaces[0].Owner, " ", set.Workspaces[1].Owner, " ", set.Workspaces[2].Owner); got != "@state @all team c" {
		t.Error(got)
	}
	contains(t, strings.Join(set.Notices, "\n"), "CODEOWNERS: what cannot be read is left out: line 4: ", `line 5: the pattern "/" matches nothing`, "line 6: invalid owner format 'bob'")
	contains(t, FormatDiagnostics(set.Sources, set.Diagnostics, 0, false), "Warning: Rule of CODEOWNERS is left out", "on CODEOWNERS line 5", "/ @root")

	files["CODEOWNERS"], files["a/main.tf"] = "* @mallory\n", rootTF+"\n"
	set = resolveFrom(t, Source{Tree: NewMapTree(files), Trusted: trusted})
	if got := set.Workspaces[0].Owner; got != "@state" {
		t.Errorf("a pull request made %s the owner", got)
	}
	if got := strings.Join(set.Notices, "\n"); got != "CODEOWNERS: the edit takes effect after the merge" {
		t.Error(got)
	}
	delete(files, "CODEOWNERS")
	contains(t, strings.Join(resolveFrom(t, Source{Tree: NewMapTree(files), Trusted: trusted}).Notices, "\n"), "CODEOWNERS: the edit takes effect after the merge")
	if got := resolveFrom(t, Source{Tree: trusted, Trusted: NewMapTree(files)}); got.Workspaces[0].Owner != "" || len(got.Notices) != 2 {
		t.Error(got.Workspaces[0].Owner, got.Notices)
	}
}

func TestOddOwnerFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		src, want string
		sum       bool
	}{
		"long line":          {strings.Repeat("a", 5000) + " @x", "longer than 4096 bytes", false},
		"many rules":         {strings.Repeat("* @x\n", maxOwnerRules+1), "line 10001: there are more than 10000 rules", false},
		"not an expression":  {"( @x", "missing closing", true},
		"lookahead":          {"(?!x).* @x", "invalid or unsupported Perl syntax", true},
		"no owner":           {".*", "no owner is named", true},
		"no such owner":      {".* @a/b/c", "names neither", true},
		"nobody after the @": {".* @", "names neither", true},
	} {
		o := &ownersFile{sum: c.sum}
		o.parse([]byte(c.src))
		if len(o.wrong) != 1 {
			t.Errorf("%s: %v", name, o.wrong)
			continue
		}
		contains(t, fmt.Sprintf("line %d: %s", o.wrong[0].line, o.wrong[0].text), c.want)
	}
	huge := newView(NewMapTree(map[string]string{"CODEOWNERS": strings.Repeat("#", maxOwnersFile+1)})).findOwners("")
	contains(t, fmt.Sprint(huge.wrong), "larger than 3 MiB")
	if o := newView(NewMapTree(map[string]string{"x/CODEOWNERS/y": ""}, MapFile{"CODEOWNERS", Symlink, "x"})).findOwners(""); o != nil {
		t.Error("a directory was read")
	}
}

func FuzzOwners(f *testing.F) {
	for _, src := range []string{".*\\\\.tf @a @b/c # x\n!x @y", "/ @x\n/a/ @b/c d@e.org\n*\\ **/x? @y", "\\", "!", "(", "a\\", "#"} {
		f.Add([]byte(src), "prod/main.tf")
	}
	f.Fuzz(func(t *testing.T, src []byte, file string) {
		for _, sum := range []bool{true, false} {
			o := &ownersFile{name: "CODEOWNERS", sum: sum}
			o.parse(src)
			if strings.Contains(o.of(file), ", , ") {
				t.Error("an owner without a name")
			}
			for _, w := range o.wrong {
				_ = o.warning(w)
			}
		}
	})
}
