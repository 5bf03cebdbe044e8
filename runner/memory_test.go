package runner

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/driftlessops/driftless/workspaces"
)

// TestRunsFitTheirMemory: what is under way keeps what it may still take, what was never seen may take as much as any did, and one
// run is always under way.
func TestRunsFitTheirMemory(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	free := int64(1000)
	m := &memory{
		dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&log, nil)), measuring: true,
		free:  func() (int64, bool) { return free, free >= 0 },
		under: map[int64]*taking{}, took: map[workspaces.ID]int64{},
	}
	fits := func(id workspaces.ID) bool {
		room, limited := m.room()
		return m.fits(Run{ID: 4, Workspace: id}, room, limited)
	}
	work := func(run int64, id workspaces.ID, used int64) (end func() int64) {
		end = m.begin(Run{ID: run, Workspace: id})
		m.note(map[int64]int64{run: used})
		return end
	}
	big, small := work(1, "r//big", 600), work(2, "r//small", 100)
	if !fits("r//big") {
		t.Error("it is guessed what runs take")
	}
	m.note(map[int64]int64{1: 500, 2: 90})
	if took := []int64{big(), small()}; took[0] != 600 || took[1] != 100 {
		t.Errorf("they took %d", took)
	}
	free = 10
	if !fits("r//big") {
		t.Error("nothing is under way, and nothing may begin")
	}
	free = 1000
	end := work(3, "r//big", 200) // 400 are to come
	for id, want := range map[workspaces.ID]bool{"r//big": true, "r//small": true, "r//new": true} {
		if fits(id) != want {
			t.Errorf("%s fits: %t", id, !want)
		}
	}
	free = 700
	for id, want := range map[workspaces.ID]bool{"r//big": false, "r//small": true, "r//new": false} {
		if fits(id) != want {
			t.Errorf("%s fits: %t", id, !want)
		}
	}
	free = 650
	short := work(4, "r//short", 0)
	m.works(4)
	short()
	work(5, "r//canceled", 0)()
	if !fits("r//short") || fits("r//canceled") {
		t.Error("a run that ended before it was measured takes as much as any did")
	}
	free = -1
	if !fits("r//big") {
		t.Error("a limit that nobody knows holds")
	}
	if end(); m.took["r//big"] != 525 || m.most != 600 {
		t.Errorf("after one that ended early %v are expected, and %d at most", m.took, m.most)
	}
	if said := log.String(); strings.Count(said, "needs_mib=") != 1 || strings.Count(said, "\n") != 1 {
		t.Error(said)
	}
}

// TestFreeMemory reads what the kernel says of the machine, and of the control groups.
func TestFreeMemory(t *testing.T) {
	t.Parallel()
	const meminfo, group = "MemTotal:  8000 kB\nMemAvailable:    4000 kB\n", "sys/fs/cgroup/system.slice/driftless.service/"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing is known", nil, -1},
		{"the machine", map[string]string{"proc/meminfo": meminfo}, 4000 << 10},
		{"older control groups", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/x\n0::/\n"}, 4000 << 10},
		{"no limit", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/driftless.service\n", group + "memory.max": "max\n", group + "memory.current": "5\n"}, 4000 << 10},
		{"a limit", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/driftless.service\n", group + "memory.max": "1000000\n", group + "memory.current": "900000\n",
			group + "memory.stat": "anon 100000\nactive_file 300000\ninactive_file 200000\nslab_reclaimable 50000\n",
		}, 650000},
		{"a limit further up", map[string]string{
			"proc/meminfo": meminfo, "proc/self/cgroup": "0::/system.slice/driftless.service\n", group + "memory.max": "1000000\n", group + "memory.current": "100\n",
			"sys/fs/cgroup/system.slice/memory.max": "500000\n", "sys/fs/cgroup/system.slice/memory.current": "400000\n",
		}, 100000},
		{"a container", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "70000\n", "sys/fs/cgroup/memory.current": "30000\n"}, 40000},
		{"more than the machine has", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "99999999\n", "sys/fs/cgroup/memory.current": "3\n"}, 4000 << 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for name, content := range test.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got, known := freeMemoryIn(root); known != (test.want >= 0) || known && got != test.want {
				t.Errorf("%d, %t; want %d", got, known, test.want)
			}
		})
	}
}
