package runner

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/planner/engine"
	"github.com/driftlessops/driftless/runner/supervisor"
)

// orphans are the runs of which something is left behind, and since when that was seen.
type orphans struct {
	mu    sync.Mutex
	since map[int64]time.Time
}

// endOrphans ends what runs left behind: a provider does not end by itself when its engine was killed before it said that it is
// there, and what was put into the background never does. A process belongs to the run whose directory its environment names, and
// is left behind when no job of this process has that run in hand and its apply has no supervisor that is alive: nobody else works in
// this data directory. An engine that was interrupted when driftless was killed may end after the next start, so this is asked again and
// again.
func (r *Runner) endOrphans() {
	runs := processesOfRuns(runsDir(r.opts.DataDir))
	r.orphans.mu.Lock()
	defer r.orphans.mu.Unlock()
	since := map[int64]time.Time{}
	for id, left := range runs { // they were found before it is asked who has the run in hand: one that is begun now is not among them
		apply, _ := supervisor.Find(filepath.Join(r.runDir(id), applySubdir)) // also one whose order is damaged
		if r.members.worksOn(id) || apply.Alive() {
			continue
		}
		if since[id] = r.orphans.since[id]; since[id].IsZero() {
			since[id] = time.Now()
			r.log.Warn("processes that a run left behind are ended", "run", id, "processes", pids(left))
		}
		if apply.Begun() {
			apply.End(since[id])
		} else { // the kernel interrupted the engine
			engine.End(left, since[id].Add(engine.DefaultInterruptWait))
		}
	}
	r.orphans.since = since
}

// processesOfRuns are the processes of each run.
func processesOfRuns(dir string) map[int64][]engine.Process {
	runs := map[int64][]engine.Process{}
	for _, p := range engine.Processes(dir) {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.TempDir, dir+string(filepath.Separator)), string(filepath.Separator))
		if id, err := strconv.ParseInt(name, 10, 64); err == nil {
			runs[id] = append(runs[id], p)
		}
	}
	return runs
}

func pids(all []engine.Process) (pids []int) {
	for _, p := range all {
		pids = append(pids, p.PID)
	}
	return pids
}

// processIn returns a process of a run that works in a work directory, or "": an engine that goes on although driftless was
// killed.
func processIn(dataDir, work string) string {
	if info, err := os.Lstat(work); err != nil || !info.IsDir() {
		return ""
	}
	for _, p := range engine.Processes(runsDir(dataDir)) {
		if engine.Within(p.Dir, work) {
			return strconv.Itoa(p.PID)
		}
	}
	return ""
}

// runsDir is where the directories of runs are.
func runsDir(dataDir string) string { return filepath.Join(dataDir, "runs") }
