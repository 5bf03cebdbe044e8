package test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
)

// story is one script under way: repositories, an operator's file, a data directory and perhaps a cloud, all below $WORK.
type story struct {
	dir    string
	engine string
	// database is the URL of a PostgreSQL database; "" = SQLite in the data directory.
	database string
	opened   runner.Store // is looked at; nil: the database is opened at each look
	repos    []string
	extra    string   // attributes of each repository block
	poll     string   // their poll_interval; "" = a second
	env      []string // of programs that outlive a command
	cloud    *cloud.Server
	hosted   *hosted // nil: plain Git
	undo     []func()

	stranger *stranger
}

type storyKey struct{}

func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

func (s *story) config() string  { return filepath.Join(s.dir, "config.hcl") }
func (s *story) dataDir() string { return filepath.Join(s.dir, "data") }

func (s *story) place() daemon.Place {
	return daemon.Place{DataDir: s.dataDir(), URL: s.database}
}

func (s *story) close() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
}

// commands are what the scripts can do, besides what testscript gives them.
//
//	repo NAME [EXAMPLE]          make NAME.git from the files below NAME (and an example), with a clone in NAME; write the
//	                             operator's file for it
//	config FILE...               append files to the operator's file; $VARIABLES in them are replaced
//	git ARGS...                  git, in the current directory
//	edit FILE OLD NEW            replace a text in a file
//	push MESSAGE                 commit everything on the current branch and push it
//	propose BRANCH MESSAGE       commit everything on a new branch, push it, and go back to main
//	merge [-squash|-rebase] BRANCH   merge a pushed branch into main, and push that
//	driftless ARGS...            the built program
//	pass                         one full pass of the runner: driftless serve --once
//	die EVENT                    a pass that is killed when it logs an event
//	approve WORKSPACE            approve the newest held, failed or interrupted run of a workspace
//	sync WORKSPACE STATUS [RE]   the workspace has this sync status, for a reason that matches
//	run WORKSPACE PURPOSE STATUS [RE]   the newest run for a purpose has this status, for a reason that matches; sets $RUN
//	runs WORKSPACE PURPOSE N     so many runs were ever made
//	[!] state WORKSPACE          print the state that driftless keeps; there is none
//	leavelock WORKSPACE          lock its state for its newest apply, which has ended
//	tick                         wait for the clock's next second
//	stranger                     start a server on the network that hangs up; sets $STRANGER
//	asked yes|no                 whether anybody connected to it
//	cloud start | edit KIND NAME JSON | delete KIND NAME | fault JSON | objects | journal
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"repo": plain(makeRepo), "config": plain(addConfig), "git": gitCommand, "edit": plain(edit),
	"push": plain(push), "propose": plain(propose), "merge": plain(merge),
	"driftless": driftless, "pass": pass, "approve": plain(approve), "die": plain(die),
	"sync": plain(checkSync), "run": plain(checkRun), "runs": plain(checkRuns), "state": printState, "tick": plain(tick), "leavelock": plain(leaveLock),
	"cloud": plain(cloudCommand), "stranger": plain(meetStranger), "asked": plain(wasAsked),
}

// plain makes a command of a function whose failure ends the story.
func plain(do func(ts *testscript.TestScript, s *story, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		ts.Check(do(ts, storyOf(ts), args))
	}
}

// usage is an error unless there are between least and most arguments.
func usage(args []string, least, most int, text string) error {
	if len(args) < least || len(args) > most {
		return fmt.Errorf("usage: %s", text)
	}
	return nil
}

// program runs a program in the current directory of the script; its output is what stdout and stderr look at.
func program(ts *testscript.TestScript, neg bool, name string, args ...string) {
	err := ts.Exec(name, args...)
	switch {
	case err != nil && !neg:
		ts.Fatalf("%s %s: %v", filepath.Base(name), strings.Join(args, " "), err)
	case err == nil && neg:
		ts.Fatalf("%s %s: unexpected success", filepath.Base(name), strings.Join(args, " "))
	}
}

// expand replaces $VARIABLES of the script.
func expand(ts *testscript.TestScript, text string) string { return os.Expand(text, ts.Getenv) }

// background is for what outlives a command of the script.
func background() context.Context { return context.Background() }

func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
