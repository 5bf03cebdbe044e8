package workspaces

import (
	"fmt"
	"strings"
	"testing"
)

// largeEstate is a tree of 1,000 root modules that reach some of 60 shared ones.
func largeEstate(salt string) *MapTree {
	files := map[string]string{}
	var body strings.Builder
	for i := range 12 {
		fmt.Fprintf(&body, "resource \"aws_instance\" \"x%d\" {\n  ami = var.ami\n  tags = merge(var.tags, { Name = \"x-${var.env}-%d\" })\n}\n", i, i)
	}
	for m := range 60 {
		dir := fmt.Sprintf("modules/m%02d/", m)
		files[dir+"main.tf"] = fmt.Sprintf("# %s %d\n", salt, m) + body.String()
		if m > 0 {
			files[dir+"calls.tf"] = callTF("lower", fmt.Sprintf("../m%02d", m/2))
		}
		files[dir+"files/user-data.sh"] = "echo"
	}
	for r := range 1000 {
		dir := fmt.Sprintf("live/env%d/root%03d/", r%10, r)
		files[dir+"main.tf"] = fmt.Sprintf("# %s %d\n", salt, r) + body.String() + callTF("a", fmt.Sprintf("../../../modules/m%02d", r%60)) + callTF("b", fmt.Sprintf("../../../modules/m%02d", (r*7)%60))
		files[dir+"backend.tf"] = fmt.Sprintf("terraform {\n backend \"s3\" {\n bucket = \"b\"\n key = \"%s%d\"\n }\n}\n", salt, r)
		files[dir+".terraform.lock.hcl"] = "x"
	}
	return NewMapTree(files)
}

func digestAll(b *testing.B, tree Tree) {
	set, err := Resolve(Source{Repository: Repository{Name: "infra"}, Tree: tree})
	if err != nil || len(set.Workspaces) != 1000 {
		b.Fatal(len(set.Workspaces), err)
	}
	d := NewDigester(nil, nil)
	for _, w := range set.Workspaces {
		if _, err := d.Digest(b.Context(), set, w); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDigestCold resolves and digests 1,000 root modules of which no file was seen before.
func BenchmarkDigestCold(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		tree := largeEstate(fmt.Sprint("cold", i, b.N))
		sourceFiles.Purge()
		b.StartTimer()
		digestAll(b, tree)
	}
}

// BenchmarkDigestWarm does the same at the next commit: the files were parsed, the set is new.
func BenchmarkDigestWarm(b *testing.B) {
	tree := largeEstate("warm")
	digestAll(b, tree)
	for b.Loop() {
		digestAll(b, tree)
	}
}
