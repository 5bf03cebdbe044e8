// Package demo acts out the whole job of driftless on one machine, for real: a Git repository, the simulated cloud, the
// engine on PATH and the runner in this process. Nothing it shows is canned.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/driftlessops/driftless/runner"
)

// Options of a demo.
type Options struct {
	Out    io.Writer // what it says while it does it
	JSON   bool      // one JSON line per act instead
	Keep   bool      // leave it running until ctx is done, and its directory
	Color  bool
	Logger *slog.Logger
}

// Act is the outcome of one act.
type Act struct {
	Act    string `json:"act"` // plan, policy, apply, drift, repair or rollback
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// ErrFailed says that an act failed.
var ErrFailed = errors.New("the demo failed")

// Run plays all acts in a temporary directory. It ends by itself; the first act that fails ends it with ErrFailed.
func Run(ctx context.Context, opts Options) (err error) {
	say := &voice{out: opts.Out, color: opts.Color, mute: opts.JSON}
	kind, err := requirements(ctx)
	if err != nil {
		(&stage{opts: opts, say: say}).outcome(Act{Act: acts[0].name, Detail: err.Error()})
		return fmt.Errorf("%w: %w", ErrFailed, err)
	}
	dir, err := os.MkdirTemp("", "driftless-demo-")
	if err != nil {
		return err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stage{opts: opts, dir: dir, engine: kind, say: say}
	defer func() {
		cancel()
		err = errors.Join(err, s.close())
		if !opts.Keep {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	for _, act := range acts {
		detail, failure := act.play(ctx, s)
		if failure != nil {
			detail = failure.Error()
		}
		s.outcome(Act{Act: act.name, OK: failure == nil, Detail: detail})
		if failure != nil {
			return fmt.Errorf("%w: %s: %w", ErrFailed, act.name, failure)
		}
	}
	s.say.heading("That was the whole job")
	s.say.text("Six acts, no account, no inbound port. docs/getting-started.md is the ten-minute path to a repository of your own.")
	if opts.Keep {
		s.lookAround()
		<-ctx.Done()
	}
	return nil
}

// outcome tells how an act ended.
func (s *stage) outcome(act Act) {
	if s.opts.JSON {
		_ = json.NewEncoder(s.opts.Out).Encode(act)
		return
	}
	s.say.result(act.OK, act.Detail)
}

// lookAround says what can be tried while the demo goes on.
func (s *stage) lookAround() {
	s.say.heading("Look around")
	s.say.text("Everything is still running. In another terminal:")
	program, err := os.Executable()
	if err != nil || filepath.Dir(program) != filepath.Dir(s.program()) {
		program = s.program()
	}
	s.say.block("export DRIFTLESS_CONFIG=" + s.configPath() + "\n" + commented([][2]string{
		{program + " workspaces", "what is managed, and how it stands"},
		{program + " runs", "every run, with who, what and when"},
		{program + " show driftless/bigger", "the report of a pull request"},
		{"cd " + s.clone.dir, "a clone: push branches named driftless/*"},
		{"curl -s " + s.cloud.URL() + "/_objects", "what exists in the simulated cloud"},
	}))
	s.say.text("`driftless plan` does not work in the clone: only this running driftless knows the provider of the simulated cloud.")
	s.say.text("Ctrl-C ends it. The directory " + s.dir + " is kept.")
}

// commented lays commands and what they are for in two columns.
func commented(commands [][2]string) string {
	width := 0
	for _, c := range commands {
		width = max(width, utf8.RuneCountInString(c[0]))
	}
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "%-*s  # %s\n", width, c[0], c[1])
	}
	return b.String()
}

// program is a copy of this executable that outlives `go run`.
func (s *stage) program() string { return filepath.Join(s.dir, "bin", "driftless") }

// told shows an event of the runner, as it happens.
func (s *stage) told(e runner.Event) {
	switch e.Kind {
	case "planning", "planned", "ready", "held", "blocked", "apply started", "applied", "failed", "apply failed", "drift found", "drift gone", "no drift", "approved",
		"pull request seen", "pull request merged", "tracked branch moved", "unchanged":
		s.say.event(e)
	}
}
