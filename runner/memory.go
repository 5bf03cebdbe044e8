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
	took      map[workspaces.ID]used
	most      int64 // that any run took
	measuring bool
	waits     int64 // the run of which it was last said that it does not fit
}

// used is the most that a run took at a time.
type used struct {
	bytes int64
	lazy  bool // while its engine collected garbage lazily
}

// An engine that is small collects its garbage lazily: a fifth of its processor time is the collector's, and of a large one the memory is
// dearer. Then a heap may grow to five times what is in use, rather than to twice that.
const (
	small      = 128 << 20 // bytes, of what a run took
	lazily     = "400"     // as GOGC of the Go runtime, which engines and most providers have
	lazilyMore = 2.5
)

// lazyNext reports whether the next run is to collect lazily.
func (u used) lazyNext() bool {
	if u.lazy {
		return u.bytes <= small*lazilyMore
	}
	return u.bytes > 0 && u.bytes <= small
}

// next is how much the next run may take.
func (u used) next() int64 {
	if !u.lazy && u.lazyNext() {
		return int64(float64(u.bytes) * lazilyMore)
	}
	return u.bytes
}

// taking is a run under way.
type taking struct {
	expected, now, peak int64
	worked              bool // its engine was started
	lazy                bool
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
	t := &taking{expected: m.expects(run.Workspace), lazy: m.took[run.Workspace].lazyNext()}
	m.under[run.ID] = t
	if !m.measuring {
		m.measuring = true
		go m.measure()
	}
	return func() int64 {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.under, run.ID)
		before := m.took[run.Workspace]
		switch {
		case t.peak > 0 && before.lazy == t.lazy: // one that ended early says little: what is expected falls slowly
			m.took[run.Workspace] = used{max(t.peak, before.bytes/8*7), t.lazy}
		case t.peak > 0 && t.lazy: // it takes no less than before
			m.took[run.Workspace] = used{max(t.peak, before.bytes), true}
		case t.peak > 0: // it takes less than a lazy one
			m.took[run.Workspace] = used{max(t.peak, int64(float64(before.bytes)/lazilyMore)), false}
		case t.worked && before.bytes == 0: // it ended before it could be measured: it takes next to nothing
			m.took[run.Workspace] = used{1, t.lazy}
		}
		m.most = max(m.most, t.peak)
		return t.peak
	}
}

// rest notes that a run starts no engine any more.
func (m *memory) rest(run int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.under[run]; t != nil {
		t.expected = 0
	}
}

// collector is what a run under way is to pass to the Go runtime of its engine and providers as GOGC; "" = nothing.
func (m *memory) collector(run int64) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := m.under[run]; t != nil && t.lazy {
		return lazily
	}
	return ""
}

// expects is how much a run of a workspace may take; 0: nothing is known yet.
func (m *memory) expects(id workspaces.ID) int64 {
	if next := m.took[id].next(); next > 0 {
		return next
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
