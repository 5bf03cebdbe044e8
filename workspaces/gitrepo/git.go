package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/test/killpoint"
)

// call is one run of git(1).
type call struct {
	args  []string
	stdin string
	dir   string   // where it runs
	env   []string // the whole environment; see environ
	held  *held    // the lock it runs under: git keeps it, so an orphaned git still excludes Maintain
}

// gitError is a git(1) that failed.
type gitError struct {
	name   string // of the git command
	code   int    // exit code; -1 when it did not exit by itself
	stderr string
	err    error
}

func (e *gitError) Error() string {
	if text := brief(e.stderr); text != "" {
		return "git " + e.name + ": " + text
	}
	return "git " + e.name + ": " + e.err.Error()
}

func (e *gitError) Unwrap() error { return e.err }

// exitCode returns the exit code of the git(1) that err tells of, or -1.
func exitCode(err error) int {
	var failed *gitError
	if errors.As(err, &failed) {
		return failed.code
	}
	return -1
}

// graceful is how long a canceled git(1) may take to remove its lock files before it is killed.
const graceful = 10 * time.Second

// run runs git(1) and returns what it wrote to standard output, also when it fails.
func (c call) run(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, "git", c.args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.env, &stdout, &stderr
	if c.stdin != "" {
		cmd.Stdin = strings.NewReader(c.stdin)
	}
	// A group of its own: the helpers of git end with it, and Ctrl-C at a terminal reaches only us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = graceful
	if c.held != nil && c.held.file != nil {
		cmd.ExtraFiles = []*os.File{c.held.file}
	}
	killpoint.At("before git " + c.args[0])
	err := cmd.Run()
	killpoint.At("after git " + c.args[0])
	if err == nil {
		return stdout.String(), nil
	}
	if ctx.Err() != nil {
		return "", fmt.Errorf("git %s: %w", c.args[0], ctx.Err())
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("git is not on PATH: install Git 2.38 or newer: %w", err)
	}
	return stdout.String(), &gitError{name: c.args[0], code: cmd.ProcessState.ExitCode(), stderr: stderr.String(), err: err}
}

// git runs a git command on the repository.
func (m *Mirror) git(ctx context.Context, h *held, args ...string) (string, error) {
	return m.call(ctx, call{args: args, held: h})
}

// gitIn is git with standard input.
func (m *Mirror) gitIn(ctx context.Context, h *held, stdin string, args ...string) (string, error) {
	return m.call(ctx, call{args: args, held: h, stdin: stdin})
}

// call fills in what every command on this repository has in common. Entries in c.env come on top of that.
func (m *Mirror) call(ctx context.Context, c call) (string, error) {
	if c.dir == "" {
		c.dir = m.gitDir
	}
	c.env = append(append(m.environ(), "GIT_DIR="+m.gitDir), c.env...)
	out, err := c.run(ctx)
	if err != nil && !m.local && damage.MatchString(err.Error()) {
		m.doubt(err)
	}
	return out, err
}

// brief cuts the chatter of git to what a person needs.
func brief(stderr string) string {
	const limit = 2000
	text := strings.TrimSpace(stderr)
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
