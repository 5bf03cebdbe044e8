//go:build killpoints

package killpoint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// On reports whether this program can be killed at its steps.
const On = true

// The environment of a program that is to be killed.
const (
	logVariable   = "DRIFTLESS_KILL_LOG"   // file to which the steps are written, one per line: "COMMAND: STEP"
	rolesVariable = "DRIFTLESS_KILL_ROLES" // commands of driftless that are killed, separated by commas; with a + after it, the engine that one runs as well
)

var state struct {
	once sync.Once
	mu   sync.Mutex
	log  *os.File // nil: nothing is to be killed
	role string
	dies bool
	with bool // the process groups that it started
	seen map[string]bool
}

// At says that the program is at a step. The first time that a command gets to a step, whoever ran it, is its last moment.
func At(step string) {
	state.once.Do(begin)
	if state.log == nil {
		return
	}
	name := state.role + ": " + step
	state.mu.Lock()
	defer state.mu.Unlock()
	if state.seen[name] {
		return
	}
	state.seen[name] = true
	if _, err := state.log.WriteString(name + "\n"); err != nil {
		panic(err)
	}
	if state.dies {
		if state.with {
			killChildren()
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func begin() {
	path := os.Getenv(logVariable)
	if path == "" || len(os.Args) < 2 {
		return
	}
	known, _ := os.ReadFile(path)
	state.seen = map[string]bool{}
	for line := range strings.Lines(string(known)) {
		state.seen[strings.TrimSuffix(line, "\n")] = true
	}
	state.role = os.Args[1]
	roles := strings.Split(os.Getenv(rolesVariable), ",")
	state.with = slices.Contains(roles, state.role+"+")
	state.dies = state.with || slices.Contains(roles, state.role)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	state.log = log
}

// killChildren kills the process groups that this process leads to its end: engines, and what they started.
func killChildren() {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		text, _ := os.ReadFile(name)
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // state, parent, group, …
		if len(fields) > 2 && fields[1] == strconv.Itoa(os.Getpid()) {
			if group, err := strconv.Atoi(fields[2]); err == nil && group != syscall.Getpgrp() {
				_ = syscall.Kill(-group, syscall.SIGKILL)
			}
		}
	}
}

// Environ is what a program of ours that is started with an environment of its own must have to be killed as well.
func Environ() (env []string) {
	for _, name := range []string{logVariable, rolesVariable} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
