package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

// TestPacksStayOpen reads many files: their pack is opened once, which shows in what a file allocates, and closed when all is quiet.
func TestPacksStayOpen(t *testing.T) {
	r := newRepo(t)
	const files = 300
	for i := range files {
		r.write(fmt.Sprintf("f%d.tf", i), fmt.Sprint("# ", i))
	}
	r.commit("many")
	m := r.mirror()
	must[string](t)(call{args: []string{"repack", "-adq"}, dir: m.gitDir, env: remoteEnviron()}.run(t.Context()))
	tree := must[workspaces.Tree](t)(m.Tree(t.Context(), "refs/heads/main"))
	read := func(i int) {
		if content, err := tree.Read(fmt.Sprintf("f%d.tf", i)); err != nil || string(content) != fmt.Sprint("# ", i) {
			t.Fatalf("%q, %v", content, err)
		}
	}
	read(0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range files {
		read(i)
	}
	runtime.ReadMemStats(&after)
	each := (after.Mallocs - before.Mallocs) / files
	t.Logf("a file costs %d objects", each)
	if each > 80 {
		t.Errorf("a file costs %d objects", each)
	}
	if n, known := openPacks(m.gitDir); known && n != 1 {
		t.Errorf("%d packs are open", n)
	}
	m.objects.close()
	if n, known := openPacks(m.gitDir); known && n != 0 {
		t.Errorf("%d packs are open when all is quiet", n)
	}
	read(1)
}

// openPacks counts the packs that this process has open, where it can know that.
func openPacks(dir string) (n int, known bool) {
	open, err := filepath.Glob("/proc/self/fd/*")
	for _, fd := range open {
		if name, err := os.Readlink(fd); err == nil && strings.HasPrefix(name, dir) && strings.HasSuffix(name, ".pack") {
			n++
		}
	}
	return n, err == nil && len(open) > 0
}
