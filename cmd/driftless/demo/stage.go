package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/driftlessops/driftless/examples"
	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/examples/cloud/provider"
	"github.com/driftlessops/driftless/runner"
	"github.com/driftlessops/driftless/runner/daemon"
	"github.com/driftlessops/driftless/workspaces"
)

// stage is everything that the acts play on.
type stage struct {
	opts   Options
	dir    string
	engine string // "terraform" or "tofu"
	say    *voice
	cloud  *cloud.Server
	clone  clone
	bare   string
	d      *daemon.Daemon
	done   chan error // of the daemon
	stop   context.CancelFunc
}

func (s *stage) configPath() string { return filepath.Join(s.dir, "config.hcl") }

// set builds the stage: the cloud, its provider, the repository, and a running driftless.
func (s *stage) set(ctx context.Context) (err error) {
	if s.cloud, err = cloud.Start(ctx, cloud.Options{Path: filepath.Join(s.dir, "cloud.json")}); err != nil {
		return err
	}
	if err := s.makeRepository(ctx); err != nil {
		return err
	}
	mirror, err := s.installProvider()
	if err != nil {
		return err
	}
	config, err := s.writeConfig()
	if err != nil {
		return err
	}
	logger := s.opts.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s.d, err = daemon.New(ctx, daemon.Options{Config: config, DataDir: config.DataDir, Mirrors: []string{mirror}, Notify: s.told, Logger: logger})
	if err != nil {
		return err
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.done = make(chan error, 1)
	go func() { s.done <- s.d.Serve(ctx) }()
	return nil
}

// makeRepository makes a bare repository with the example in it, and a clone that plays the developers.
func (s *stage) makeRepository(ctx context.Context) error {
	s.bare = filepath.Join(s.dir, "shop.git")
	s.clone = clone{dir: filepath.Join(s.dir, "clone"), say: s.say}
	if err := errors.Join(os.MkdirAll(s.bare, 0o755), os.MkdirAll(s.clone.dir, 0o755)); err != nil {
		return err
	}
	server := clone{dir: s.bare, say: s.say}
	if err := server.quiet(ctx, "init", "--quiet", "--bare", "--initial-branch=main"); err != nil {
		return err
	}
	if err := s.clone.quiet(ctx, "init", "--quiet", "--initial-branch=main"); err != nil {
		return err
	}
	if err := examples.Write(s.clone.dir, "shop"); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"remote", "add", "origin", s.bare}, {"add", "--all"}, {"commit", "--quiet", "-m", "The shop"}, {"push", "--quiet", "-u", "origin", "main"},
	} {
		if err := s.clone.quiet(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// installProvider puts this program where the engine finds it as the cloud's provider.
func (s *stage) installProvider() (mirror string, err error) {
	hash, err := provider.Hash()
	if err != nil {
		return "", err
	}
	mirror = filepath.Join(s.dir, "mirror-"+hash[:12])
	if err := provider.Install(mirror); err != nil {
		return "", err
	}
	return mirror, s.copyProgram()
}

// copyProgram keeps a copy of this program: what `go run` starts is gone when it ends.
func (s *stage) copyProgram() error {
	if !s.opts.Keep {
		return nil
	}
	name, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	if err := os.MkdirAll(filepath.Dir(s.program()), 0o755); err != nil {
		return err
	}
	to, err := os.OpenFile(s.program(), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

const configTemplate = `# driftless's own configuration: where the repository is, and what its engines may know.
data_dir = %q

repository "shop" {
  url           = %q
  poll_interval = "1s"
  poll_jitter   = "0s"
}

identity "cloud" {
  repositories = ["shop"]
  plan {
    env "CLOUD_ENDPOINT" { file = %q }
  }
}

defaults {
  engine = %q
}
`

func (s *stage) writeConfig() (*workspaces.Config, error) {
	endpoint := filepath.Join(s.dir, "endpoint")
	if err := os.WriteFile(endpoint, []byte(s.cloud.URL()+"\n"), 0o600); err != nil {
		return nil, err
	}
	src := fmt.Appendf(nil, configTemplate, filepath.Join(s.dir, "data"), s.bare, endpoint, s.engine)
	if err := os.WriteFile(s.configPath(), src, 0o600); err != nil {
		return nil, err
	}
	config, diags := workspaces.Parse(workspaces.OperatorFile, s.configPath(), src)
	if diags.HasErrors() {
		return nil, diags
	}
	return config, nil
}

// close ends what set started.
func (s *stage) close() error {
	var problems []error
	if s.stop != nil {
		s.stop()
		problems = append(problems, <-s.done)
	}
	if s.d != nil {
		problems = append(problems, s.d.Stop())
	}
	if s.cloud != nil {
		problems = append(problems, s.cloud.Close())
	}
	return errors.Join(problems...)
}

// patience is how long the demo waits for one thing to happen.
const patience = 3 * time.Minute

// await waits until ready says so. ready reports what it saw when that is not what is waited for.
func (s *stage) await(ctx context.Context, what string, ready func(tx runner.Tx) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok := false
		err := s.d.Store.View(ctx, func(tx runner.Tx) (err error) {
			ok, err = ready(tx)
			return err
		})
		if errors.Is(err, runner.ErrNotFound) {
			err = nil
		}
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %s for %s", patience, what)
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("driftless stopped while the demo waited for %s: %w", what, err)
		case <-tick.C:
		}
	}
}

// clone is a Git work tree that the demo plays a developer in.
type clone struct {
	dir string
	say *voice
}

// run runs git, and says so.
func (c clone) run(ctx context.Context, args ...string) error {
	words := []string{"git"}
	for _, arg := range args {
		if strings.ContainsAny(arg, " '\"$*") {
			arg = strconv.Quote(arg)
		}
		words = append(words, arg)
	}
	c.say.command(strings.Join(words, " "))
	return c.quiet(ctx, args...)
}

func (c clone) quiet(ctx context.Context, args ...string) error {
	_, err := c.output(ctx, args...)
	return err
}

func (c clone) output(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_EDITOR=true")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return strings.TrimSpace(string(out)), nil
}
