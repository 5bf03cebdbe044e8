package engine

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/driftlessops/driftless/planner/mask"
)

// maxTempDir is how long a directory for the sockets of providers may be: a socket's path holds at most 104 bytes on
// some systems, and go-plugin adds a name.
const maxTempDir = 80

// session is what all commands of one root module share.
type session struct {
	engine        Engine
	dir           string // where commands run
	tempDir       string
	granted, own  map[string]string // see cleanEnv
	mask          *mask.Masker
	progress      func(Progress)
	log           func(string)
	command       func(context.Context, Phase) func(error)
	interruptWait time.Duration
	limits        map[Phase]time.Duration
	logger        *slog.Logger
}

// run runs one command. Its standard output goes to stdout, or is read for events when that is nil. Everything else
// that it prints goes to the log and, when it fails, into an *Error.
func (s session) run(ctx context.Context, phase Phase, env map[string]string, stdout io.Writer, args ...string) error {
	sockets, cleanup, err := socketDir(s.tempDir)
	if err != nil {
		return &Error{Phase: phase, Err: err}
	}
	defer cleanup()
	if limit := s.limits[phase]; limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, limit, &LimitError{Phase: phase, Limit: limit})
		defer cancel()
		ctx = limited
	}
	lines := &stream{phase: phase, mask: s.mask, progress: s.progress, log: s.log}
	out, errs := &lineWriter{line: lines.line}, &lineWriter{line: lines.line}
	p := process{
		path: s.engine.Path, dir: s.dir, args: args, env: s.environment(env, sockets),
		stdout: out, stderr: errs, interruptWait: s.interruptWait,
	}
	switch {
	case stdout != nil:
		p.stdout = stdout
	case phase == PhaseInit:
		p.stderr = out // one pipe keeps the order of plain text; of events, long ones would be torn
	}
	begin, done := time.Now(), s.began(ctx, phase)
	err = p.run(ctx)
	_, _ = out.Close(), errs.Close()
	s.logger.Debug("engine command ended", "engine", s.engine.String(), "command", args[0], "dir", s.dir,
		"took", time.Since(begin).Round(time.Millisecond), "err", err)
	if err != nil {
		err = lines.failure(ctx, err)
	}
	done(err)
	return err
}

// began tells of a command that begins. What it returns tells how it ended.
func (s session) began(ctx context.Context, phase Phase) func(error) {
	if s.command == nil {
		return func(error) {}
	}
	return s.command(ctx, phase)
}

// environment is that of a command, with what is special to it.
func (s session) environment(env map[string]string, tmpDir string) []string {
	own := map[string]string{"TMPDIR": tmpDir, "PWD": s.dir} // PWD: abspath() gives the path we were given, not what a link in it leads to
	for _, more := range []map[string]string{s.own, env} {
		for name, v := range more {
			own[name] = v
		}
	}
	return cleanEnv(s.tempDir, s.granted, own)
}

// socketDir is the engine's TMPDIR: the root's own, or a short one for this command when that is too long for sockets.
func socketDir(tempDir string) (dir string, cleanup func(), err error) {
	if len(tempDir) <= maxTempDir {
		return tempDir, func() {}, nil
	}
	short := ""
	if len(os.TempDir()) > maxTempDir-len("/driftless0123456789") {
		short = "/tmp"
	}
	dir, err = os.MkdirTemp(short, "driftless")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}
