package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is an engine, or what one started.
type Process struct {
	PID     int
	Group   int    // its process group; 0 when that cannot be told
	TempDir string // of the engine
	Dir     string // where it works; "" when that cannot be told
	session int
}

// Engine reports whether a process is an engine: it leads a process group of its own, in the session of who started it. A daemon leads a
// session of its own.
func (p Process) Engine() bool { return p.PID == p.Group && p.PID != p.session }

// Processes are those whose TempDir is, or lies in, a directory. Their environment says so: by a variable that driftless sets for
// every engine, that no identity can replace, and that all inherit whom an engine starts. A person's shell is none of them,
// wherever it stands. A zombie has no environment, and is gone. Where there is no /proc it finds none.
func Processes(within string) (all []Process) {
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range names {
		proc := filepath.Dir(name)
		pid, err := strconv.Atoi(filepath.Base(proc))
		if err != nil {
			continue
		}
		temp := tempDirOf(pid)
		if temp == "" || !Within(temp, within) {
			continue // it ended, is another user's, or none of ours
		}
		group, _ := unix.Getpgid(pid)
		session, _ := unix.Getsid(pid)
		dir, _ := os.Readlink(filepath.Join(proc, "cwd"))
		all = append(all, Process{PID: pid, Group: group, TempDir: temp, Dir: dir, session: session})
	}
	return all
}

// Memory is how much memory a process has for itself, in bytes: what it shares with others of its kind, such as the binary, is left
// out. 0 when it ended, or that cannot be told.
func (p Process) Memory() int64 {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "statm"))
	if err != nil {
		return 0
	}
	var size, resident, shared int64
	if n, _ := fmt.Sscan(string(data), &size, &resident, &shared); n < 3 {
		return 0
	}
	return (resident - shared) * int64(os.Getpagesize())
}

// tempDirOf is the TempDir that the environment of a process names, or "".
func tempDirOf(pid int) string {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(env), "\x00") {
		if file, ok := strings.CutPrefix(line, cliConfigVariable+"="); ok {
			return filepath.Dir(file)
		}
	}
	return ""
}

// Signal sends a signal to a process, and to no other that has its number by now: it is held before it is looked at once more. This
// process itself is never sent one.
func (p Process) Signal(signal os.Signal) {
	held, err := os.FindProcess(p.PID)
	if err != nil {
		return
	}
	defer func() { _ = held.Release() }()
	if p.PID != os.Getpid() && tempDirOf(p.PID) == p.TempDir {
		_ = held.Signal(signal)
	}
}

// End kills processes that are left behind. While an engine is among them it gets until a moment to save what it did, and what
// it started is left to it: End reports true then, and killed none.
func End(left []Process, until time.Time) (later bool) {
	if slices.ContainsFunc(left, Process.Engine) && time.Now().Before(until) {
		return true
	}
	for _, p := range left {
		p.Signal(syscall.SIGKILL)
	}
	return false
}

// Interrupt interrupts the engines among processes, with their groups, as Ctrl-C does. One that is interrupted twice saves nothing.
func Interrupt(left []Process) {
	for _, p := range left {
		if slices.ContainsFunc(left, func(e Process) bool { return e.Engine() && e.PID == p.Group }) {
			p.Signal(syscall.SIGINT)
		}
	}
}

// cliConfigVariable names the engine's own configuration, which lies in its TempDir.
const cliConfigVariable = "TF_CLI_CONFIG_FILE"

// Within reports whether a path is a directory, or lies in it.
func Within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+string(filepath.Separator))
}
