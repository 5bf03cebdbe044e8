package workspaces

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// The tests of costs count allocations, which are the same on every machine; they run alone, as those of others would count too.

// allocations are how many objects and bytes a function allocates.
func allocations(f func()) (objects, bytes float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)
}

// estateOf has so many root modules; salt makes each file another one.
func estateOf(roots int, salt string, edit map[string]string) *MapTree {
	files := map[string]string{}
	body := strings.Repeat("resource \"aws_instance\" \"x\" {\n  tags = merge(var.tags, { Name = \"x-${var.env}\" })\n}\n", 3)
	for m := range 10 {
		files[fmt.Sprintf("modules/m%d/main.tf", m)] = "# " + salt + "\n" + body
	}
	for r := range roots {
		dir := fmt.Sprintf("live/root%04d/", r)
		files[dir+"main.tf"] = fmt.Sprintf("# %s %d\n", salt, r) + body + callTF("a", fmt.Sprintf("../../modules/m%d", r%10)) + callTF("all", "../../modules/m0")
		files[dir+"backend.tf"] = fmt.Sprintf("terraform {\n backend \"s3\" {\n bucket = \"b\"\n key = \"%s%d\"\n }\n}\n", salt, r)
	}
	for name, content := range edit {
		files[name] = content
	}
	return NewMapTree(files)
}

func resolved(t *testing.T, tree Tree) *Set {
	t.Helper()
	set, err := Resolve(Source{Repository: Repository{Name: "infra"}, Tree: tree})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// affectedBy compares two sets, and wants so many workspaces affected.
func affectedBy(t *testing.T, base, head *Set, want int) {
	t.Helper()
	effects, err := NewDigester(nil, nil).Affected(t.Context(), base, head)
	n := 0
	for _, e := range effects {
		if e.Affected {
			n++
		}
	}
	if err != nil || n != want {
		t.Fatalf("%d affected, not %d: %v", n, want, err)
	}
}

// TestCostOfDiscoveryIsLinear looks at trees that are strange, where most is parsing, and then at what all is known of.
func TestCostOfDiscoveryIsLinear(t *testing.T) {
	blocks := func(n int) map[string]string {
		var b strings.Builder
		for r := range n {
			fmt.Fprintf(&b, "workspace \"live/root%04d\" {\n  depends_on = [\"live/root%04d\"]\n}\n", r, max(0, r-1))
		}
		return map[string]string{RepositoryFileName: strings.Replace(b.String(), "  depends_on = [\"live/root0000\"]\n", "", 1)}
	}
	one := func(n int) map[string]string { // backend for all of them
		edit := map[string]string{}
		for r := range n {
			edit[fmt.Sprintf("live/root%04d/backend.tf", r)] = "terraform {\n backend \"s3\" {\n bucket = \"b\"\n key = \"k\"\n }\n}\n"
		}
		return edit
	}
	for name, edit := range map[string]func(n int) map[string]string{"discovered": func(int) map[string]string { return nil }, "blocks": blocks, "one backend": one} {
		var first, again [2]float64
		for i, n := range []int{50, 100} {
			tree, other := estateOf(n, fmt.Sprint(name, n), edit(n)), resolved(t, estateOf(n, "other", nil))
			first[i], _ = allocations(func() { resolved(t, tree) })
			again[i], _ = allocations(func() { affectedBy(t, other, resolved(t, tree), n) })
		}
		t.Logf("%s: %.2f times the objects, then %.2f times", name, first[1]/first[0], again[1]/again[0])
		if first[1] > 2.2*first[0] || again[1] > 2.2*again[0] {
			t.Errorf("%s: 100 root modules cost %.2f times what 50 do, and %.2f times when they are known", name, first[1]/first[0], again[1]/again[0])
		}
	}
}

// TestCostOfAPullRequest compares a look at a tree that differs from a known one in one file with a look at a strange one.
func TestCostOfAPullRequest(t *testing.T) {
	const n = 100
	tree := estateOf(n, "known", nil)
	var base *Set
	all, allBytes := allocations(func() { base = resolved(t, tree) })
	affectedBy(t, base, resolved(t, estateOf(n, "known", map[string]string{"modules/m3/main.tf": "# first\n"})), n/10)
	for file, want := range map[string]int{"modules/m4/main.tf": n / 10, "live/root0007/main.tf": 1, "README.md": 0} {
		head := estateOf(n, "known", map[string]string{file: "# other\n"})
		objects, bytes := allocations(func() { affectedBy(t, base, resolved(t, head), want) })
		t.Logf("%s: %.3f of the objects, %.3f of the bytes of a first look", file, objects/all, bytes/allBytes)
		if objects > 0.19*all || bytes > 0.15*allBytes {
			t.Errorf("%s: %.2f of the objects, %.2f of the bytes of a first look", file, objects/all, bytes/allBytes)
		}
	}
}
