package runner

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/driftlessops/driftless/planner/engine"
)

// endOrphans kills what engines left behind that are gone: a provider does not end by itself when its engine was killed before it
// said that it is there. Engines have process groups of their own; one whose leader is gone does nothing for anybody. An engine that
// was interrupted when driftless was killed may end after the next start, so this is asked again and again.
func (r *Runner) endOrphans() {
	for _, p := range engine.Processes(runsDir(r.opts.DataDir)) {
		if p.Group == 0 || p.Led() {
			continue
		}
		r.log.Warn("a process that an engine left behind is ended", "process", p.PID, "group", p.Group)
		_ = syscall.Kill(-p.Group, syscall.SIGKILL)
	}
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
