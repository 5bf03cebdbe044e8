package test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/driftlessops/driftless/runner/store/pgtest"
)

var (
	keep    = flag.Bool("keep", false, "keep the directories of the stories")
	stories = flag.String("stories", "stories", "the directory of the stories to play")
)

// engines are the engines on PATH; the stories are played with each.
func engines(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, kind := range []string{"terraform", "tofu"} {
		if _, err := exec.LookPath(kind); err == nil {
			found = append(found, kind)
		}
	}
	if len(found) == 0 {
		t.Skip("neither terraform nor tofu is on PATH")
	}
	return found
}

// TestStories plays the scripts in stories. See commands for their commands.
func TestStories(t *testing.T) {
	t.Parallel()
	for _, kind := range engines(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			testscript.Run(t, testscript.Params{
				Dir: *stories, TestWork: *keep, RequireUniqueNames: true,
				Setup:     func(env *testscript.Env) error { return setup(env, kind) },
				Cmds:      commands,
				Condition: func(name string) (bool, error) { return condition(kind, name) },
			})
		})
	}
}

// onPostgres are the stories that are played on PostgreSQL as well: one for each kind of work.
var onPostgres = []string{"a-pull-request-is-applied-when-it-is-merged", "drift-is-found-repaired-and-gone", "a-renamed-directory-keeps-its-state", "odd-names-are-names"}

func TestStoriesOnPostgres(t *testing.T) {
	t.Parallel()
	kind := engines(t)[0]
	url := pgtest.URL(t)
	var files []string
	for _, name := range onPostgres {
		files = append(files, filepath.Join("stories", name+".txtar"))
	}
	testscript.Run(t, testscript.Params{
		Files: files, TestWork: *keep, Cmds: commands,
		Setup: func(env *testscript.Env) error {
			err := setup(env, kind)
			s := env.Values[storyKey{}].(*story)
			var drop func() error
			if err == nil {
				s.database, drop, err = pgtest.Schema(url)
			}
			if err == nil {
				env.Defer(func() { _ = drop() })
			}
			return err
		},
		Condition: func(name string) (bool, error) { return condition(kind, name) },
	})
}

// condition is [terraform] or [tofu]: the engine that the story is played with.
func condition(kind, name string) (bool, error) {
	if name != "terraform" && name != "tofu" {
		return false, errors.New("the conditions are terraform and tofu")
	}
	return name == kind, nil
}

// setup makes the world of a story.
func setup(env *testscript.Env, kind string) error {
	s := &story{dir: env.WorkDir, engine: kind}
	env.Values[storyKey{}] = s
	env.Defer(s.close)
	home := filepath.Join(env.WorkDir, ".home")
	for name, value := range map[string]string{
		"HOME": home, "DRIFTLESS_CONFIG": s.config(), "GIT_CONFIG_GLOBAL": filepath.Join(home, "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "NO_COLOR": "1", "PROGRAM": built.program, "GORACE": "atexit_sleep_ms=0", "ENGINE": kind,
	} {
		env.Setenv(name, value)
	}
	s.env = slices.Clone(env.Vars)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(home, "gitconfig"), []byte(gitConfig), 0o644)
}

const gitConfig = `[user]
	name = Ada
	email = ada@example.com
[init]
	defaultBranch = main
[push]
	default = current
	autoSetupRemote = true
[advice]
	detachedHead = false
[commit]
	gpgSign = false
`
