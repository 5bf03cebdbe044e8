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
	const unit = 10 << 20 // none of them is small
	free := int64(1000 * unit)
	m := &memory{
		dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&log, nil)), measuring: true,
		free:  func() (int64, bool) { return free, free >= 0 },
		under: map[int64]*taking{}, took: map[workspaces.ID]used{},
	}
	fits := func(id workspaces.ID) bool {
		room, limited := m.room()
		return m.fits(Run{ID: 4, Workspace: id}, room, limited)
	}
	work := func(run int64, id workspaces.ID, used int64) (end func() int64) {
		end = m.begin(Run{ID: run, Workspace: id})
		m.note(map[int64]int64{run: used * unit})
		return end
	}
	big, small := work(1, "r//big", 600), work(2, "r//small", 100)
	if !fits("r//big") {
		t.Error("it is guessed what runs take")
	}
	m.note(map[int64]int64{1: 500 * unit, 2: 90 * unit})
	if took := []int64{big(), small()}; took[0] != 600*unit || took[1] != 100*unit {
		t.Errorf("they took %d", took)
	}
	free = 10 * unit
	if !fits("r//big") {
		t.Error("nothing is under way, and nothing may begin")
	}
	free = 1000 * unit
	end := work(3, "r//big", 200) // 400 are to come
	for id, want := range map[workspaces.ID]bool{"r//big": true, "r//small": true, "r//new": true} {
		if fits(id) != want {
			t.Errorf("%s fits: %t", id, !want)
		}
	}
	free = 700 * unit
	for id, want := range map[workspaces.ID]bool{"r//big": false, "r//small": true, "r//new": false} {
		if fits(id) != want {
			t.Errorf("%s fits: %t", id, !want)
		}
	}
	free = 650 * unit
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
	if end(); m.took["r//big"].bytes != 525*unit || m.most != 600*unit {
		t.Errorf("after one that ended early %v are expected, and %d at most", m.took, m.most)
	}
	if said := log.String(); strings.Count(said, "needs_mib=") != 1 || strings.Count(said, "\n") != 1 {
		t.Error(said)
	}
}

// TestSmallEnginesCollectLazily: what an engine was measured to take says how its workspace's next one collects garbage, and it is expected
// to take more then. Of one that is not known nothing is guessed.
func TestSmallEnginesCollectLazily(t *testing.T) {
	t.Parallel()
	m := &memory{measuring: true, under: map[int64]*taking{}, took: map[workspaces.ID]used{}}
	for i, step := range []struct {
		took   int64
		gogc   string // of this run
		expect int64  // of the next one
	}{
		{300 << 20, "", 300 << 20},
		{100 << 20, "", 300 << 20 / 8 * 7}, // it ended early, perhaps
	} {
		work(t, m, int64(i), "r//large", step.took, step.gogc, step.expect)
	}
	for i, step := range []struct {
		took   int64
		gogc   string
		expect int64
	}{
		{128 << 20, "", 320 << 20},
		{150 << 20, "400", 150 << 20},
		{320 << 20, "400", 320 << 20},
		{321 << 20, "400", 321 << 20},     // too much
		{90 << 20, "", 321 << 20 * 2 / 5}, // as much as it was with this collector, perhaps: it ended early
		{90 << 20, "", 321 << 20 * 2 / 5 / 8 * 7 * 5 / 2},
		{200 << 20, "400", 200 << 20},
	} {
		work(t, m, int64(i), "r//small", step.took, step.gogc, step.expect)
	}
	work(t, m, 1, "r//early", 100<<20, "", 250<<20)
	work(t, m, 2, "r//early", 20<<20, "400", 100<<20) // the first lazy one ended early
	work(t, m, 1, "r//grew", 100<<20, "", 250<<20)
	work(t, m, 2, "r//grew", 900<<20, "400", 900<<20)
	work(t, m, 3, "r//grew", 20<<20, "", 360<<20) // it ended early
	work(t, m, 4, "r//grew", 400<<20, "", 400<<20)
	work(t, m, 1, "r//short", 0, "", 2)
	work(t, m, 2, "r//short", 0, "400", 2)
	if end := m.begin(Run{ID: 9, Workspace: "r//small"}); m.under[9].expected == 0 {
		t.Error("nothing is expected")
	} else if m.rest(9); m.under[9].expected != 0 {
		t.Error("memory is kept free for an engine that has ended")
	} else {
		end()
	}
	if got := m.collector(9); got != "" {
		t.Errorf("GOGC=%q of a run that ended", got)
	}
}

// work works on a run that takes so much, and looks what its engine gets and what the next one is expected to take.
func work(t *testing.T, m *memory, run int64, id workspaces.ID, took int64, gogc string, expect int64) {
	t.Helper()
	end := m.begin(Run{ID: run, Workspace: id})
	if got := m.collector(run); got != gogc {
		t.Errorf("GOGC=%q, not %q", got, gogc)
	}
	m.works(run)
	m.note(map[int64]int64{run: took})
	if end(); m.expects(id) != expect {
		t.Errorf("after %d MiB %d are expected, not %d", took>>20, m.expects(id), expect)
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
