package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Process is an engine, or what one started.
type Process struct {
	PID   int
	Group int    // its process group; 0 when that cannot be told
	Dir   string // where it works; "" when that cannot be told
}

// Led reports whether the leader of its process group lives: the engine, which has a group of its own. Without it, a process does
// nothing for anybody.
func (p Process) Led() bool {
	return p.Group > 0 && !errors.Is(syscall.Kill(p.Group, 0), syscall.ESRCH)
}

// Processes are those whose TempDir is, or lies in, a directory. Their environment says so: by a variable that driftless sets for
// every engine, that no identity can replace, and that all inherit whom an engine starts. A person's shell is none of them,
// wherever it stands. Where there is no /proc it finds none.
func Processes(within string) (all []Process) {
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range names {
		env, err := os.ReadFile(name)
		if err != nil || !worksIn(string(env), within) {
			continue // it ended, is another user's, or none of ours
		}
		proc := filepath.Dir(name)
		if pid, err := strconv.Atoi(filepath.Base(proc)); err == nil {
			group, _ := syscall.Getpgid(pid)
			dir, _ := os.Readlink(filepath.Join(proc, "cwd"))
			all = append(all, Process{PID: pid, Group: group, Dir: dir})
		}
	}
	return all
}

// worksIn reports whether an environment is of an engine whose TempDir lies in a directory.
func worksIn(env, within string) bool {
	for line := range strings.SplitSeq(env, "\x00") {
		if file, ok := strings.CutPrefix(line, cliConfigVariable+"="); ok {
			return Within(file, within)
		}
	}
	return false
}

// cliConfigVariable names the engine's own configuration, which lies in its TempDir.
const cliConfigVariable = "TF_CLI_CONFIG_FILE"

// Within reports whether a path is a directory, or lies in it.
func Within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+string(filepath.Separator))
}
