package runner

import (
	"log/slog"
	"sync"
	"time"

	"github.com/driftlessops/driftless/workspaces"
)

// waitsForMemory is why a run waits that would not fit beside those under way. It names no figures: replicas have others.
const waitsForMemory = "waits for memory: what it may take is more than is free beside the runs under way"

// memory is how much memory the engines of runs take, with their providers, as it was measured here. What a plan takes depends on its
// providers and on how much is in the state, so nothing is guessed: a workspace is expected to take what it took before, and one
// that was never seen as much as any did.
type memory struct {
	dir  string // of the directories of runs
	log  *slog.Logger
	free func() (bytes int64, known bool)

	mu        sync.Mutex
	under     map[int64]*taking
	took      map[workspaces.ID]int64
	most      int64 // that any run took
	measuring bool
	waits     int64 // the run of which it was last said that it does not fit
}

// taking is a run under way.
type taking struct {
	expected, now, peak int64
	worked              bool // its engine was started
}

// works notes that the engine of a run is started.
func (m *memory) works(run int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.under[run]; t != nil {
		t.worked = true
	}
}

// begin notes that a run begins here. The function that it returns says at its end how much it took; 0 = it was too short to tell.
func (m *memory) begin(run Run) (end func() int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &taking{expected: m.expects(run.Workspace)}
	m.under[run.ID] = t
	if !m.measuring {
		m.measuring = true
		go m.measure()
	}
	return func() int64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.under, run.ID)
		switch {
		case t.peak > 0: // one that ended early says little: what is expected falls slowly
			m.took[run.Workspace] = max(t.peak, m.took[run.Workspace]/8*7)
		case t.worked && m.took[run.Workspace] == 0: // it ended before it could be measured: it takes next to nothing
			m.took[run.Workspace] = 1
		}
		m.most = max(m.most, t.peak)
		return t.peak
	}
}

// light is how much a run may have taken, in bytes, whose engine collects its garbage lazily from then on. Of a small engine's processor
// time a fifth is the collector's; of a large one the memory is dearer.
const light = 256 << 20

// collector is what the next run of a workspace passes to the Go runtime of its engine and providers as GOGC; "" = nothing.
func (m *memory) collector(id workspaces.ID) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if took := m.took[id]; took > 0 && took <= light {
		return "400"
	}
	return ""
}

// expects is how much a run of a workspace may take; 0: nothing is known yet.
func (m *memory) expects(id workspaces.ID) int64 {
	if took := m.took[id]; took > 0 {
		return took
	}
	return m.most
}

// room is how much memory is left when all that is under way has what it may take. One run may always be under way.
func (m *memory) room() (bytes int64, limited bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.under) == 0 || m.most == 0 {
		return 0, false
	}
	bytes, limited = m.free()
	for _, t := range m.under {
		bytes -= max(0, t.expected-t.now)
	}
	return bytes, limited
}

// fits reports whether a run may be under way in so much memory.
func (m *memory) fits(run Run, room int64, limited bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	needs := m.expects(run.Workspace)
	if !limited || needs <= room {
		return true
	}
	if m.waits != run.ID {
		m.waits = run.ID
		m.log.Info("a run waits for memory", append(subject(run.Repository, string(run.Workspace), run.ID, run.Commit, ""), "needs_mib", needs>>20, "free_mib", room>>20, "under_way", len(m.under))...)
	}
	return false
}

// Pauses between measurements, which take a three hundredth of one core while runs are under way, whatever one costs on this machine.
const (
	leastPause = 250 * time.Millisecond
	mostPause  = 5 * time.Second
	pauseRatio = 300
)

// measure measures what is under way until nothing is.
func (m *memory) measure() {
	for pause := leastPause; ; {
		time.Sleep(pause)
		began, used := time.Now(), map[int64]int64{}
		for id, processes := range processesOfRuns(m.dir) {
			for _, p := range processes {
				used[id] += p.Memory()
			}
		}
		pause = min(max(leastPause, pauseRatio*time.Since(began)), mostPause)
		if !m.note(used) {
			return
		}
	}
}

// note notes what runs use now, and reports whether any is under way.
func (m *memory) note(used map[int64]int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, t := range m.under {
		t.now = used[id]
		t.peak = max(t.peak, t.now)
	}
	m.measuring = len(m.under) > 0
	return m.measuring
}
