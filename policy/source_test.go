package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeTree makes a directory with files; a text that begins with "-> " is the target of a symbolic link.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, p)
		} else {
			err = os.WriteFile(p, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadDir(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string // paths, or an error
	}{
		{"tree", map[string]string{"b/z.rego": "", "a.rego": "", "b/a.json": "", "c.yml": "", "d.yaml": "", "README.md": "", "a_test.rego": ""}, "a.rego a_test.rego b/a.json b/z.rego c.yml d.yaml"},
		{"hidden", map[string]string{".git/x.rego": "", ".x.rego": "", "a.rego": ""}, "a.rego"},
		{"empty", map[string]string{"x": ""}, ""},
		{"odd names", map[string]string{"a b'\"$.rego": "", "ünï/x\ny.rego": ""}, "a b'\"$.rego ünï/x\ny.rego"},
		{"mounted like a ConfigMap", map[string]string{"..v1/p.rego": "", "..data": "-> ..v1", "p.rego": "-> ..data/p.rego"}, "p.rego"},
		{"linked directory", map[string]string{"a/p.rego": "", "b": "-> a"}, "a/p.rego b/p.rego"},
		{"escaping link", map[string]string{"p.rego": "-> /etc/passwd"}, "error: p.rego"},
		{"escaping directory", map[string]string{"a.rego": "", "lib": "-> ../.."}, "error: lib"},
		{"dangling link", map[string]string{"p.rego": "-> nowhere"}, "error: p.rego"},
		{"loop", map[string]string{"a/p.rego": "", "a/self": "-> ."}, "error: a/self: a symbolic link leads back"},
		{"deep loop", map[string]string{"a/b/p.rego": "", "a/b/up": "-> ../..", "a/b/up2": "-> ../.."}, "error: a/b/up"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := writeTree(t, tc.files)
			s := ReadDir("s", dir)
			if want, ok := strings.CutPrefix(tc.want, "error: "); ok {
				if s.Err == nil || !strings.Contains(s.Err.Error(), want) || !strings.Contains(s.Err.Error(), dir) {
					t.Errorf("got %v", s.Err)
				}
				return
			}
			var paths []string
			for _, f := range s.Files {
				paths = append(paths, strings.TrimPrefix(f.Path, dir+"/"))
			}
			if got := strings.Join(paths, " "); got != tc.want || s.Err != nil {
				t.Errorf("got %q, %v", got, s.Err)
			}
		})
	}
}

func TestReadDirOfNothing(t *testing.T) {
	t.Parallel()
	if s := ReadDir("s", filepath.Join(t.TempDir(), "gone")); s.Err == nil || evaluate(s).Status != Error {
		t.Errorf("got %v", s.Err)
	}
	if got := brief(evaluate(ReadDir("s", t.TempDir()))); !strings.Contains(got, "no deny, violation or warn rule in /") {
		t.Errorf("got %s", got)
	}
}

func TestReadDirOfOneFile(t *testing.T) {
	t.Parallel()
	dir := writeTree(t, map[string]string{"p.rego": "package main\ndeny contains \"no\"", "q.rego": "package {"})
	if got := brief(evaluate(ReadDir("s", filepath.Join(dir, "p.rego")))); got != "deny\ndeny s/main: no" {
		t.Errorf("got %s", got)
	}
}

func TestReadDirPlacesData(t *testing.T) {
	t.Parallel()
	dir := writeTree(t, map[string]string{"p.rego": "package main\ndeny contains data.a.b.text", "a/b/x.json": `{"text": "from data"}`})
	if got := brief(evaluate(ReadDir("s", dir+"/"))); got != "deny\ndeny s/main: from data" {
		t.Errorf("got %s", got)
	}
}
