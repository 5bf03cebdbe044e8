package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/driftlessops/driftless/examples/cloud"
	"github.com/driftlessops/driftless/examples/cloud/provider"
	"github.com/driftlessops/driftless/test/forges"
)

// built are the programs that are measured.
type built struct {
	program string
	mirror  string // a filesystem mirror with the simulated cloud's provider
}

// build builds them from the directory of the module, as the Dockerfile does.
func build(ctx context.Context, dir string) (b built, err error) {
	b = built{filepath.Join(dir, "driftless"), filepath.Join(dir, "mirror")}
	leaf := filepath.Join(b.mirror, filepath.FromSlash(provider.Source), provider.Version, runtime.GOOS+"_"+runtime.GOARCH)
	for _, args := range [][]string{
		{"-o", b.program, "github.com/driftlessops/driftless/cmd/driftless"},
		{"-o", filepath.Join(leaf, "terraform-provider-cloud_v"+provider.Version), "github.com/driftlessops/driftless/test/provider"},
	} {
		cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-ldflags", "-s -w"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return b, fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
	}
	return b, nil
}

// stage is a forge with one repository, a cloud, and a driftless that serves it. Webhooks wake it at once: what is measured has
// no poll interval in it.
type stage struct {
	ctx     context.Context
	built   built
	dir     string
	jobs    int
	estate  estate
	world   *forges.World
	repo    *forges.Repo
	face    *httptest.Server
	cloud   *cloud.Server
	cmd     *exec.Cmd
	address string // of its HTTP server

	mu   sync.Mutex
	logs bytes.Buffer
}

const hookSecret = "a secret of webhooks"

// newStage makes all of it, and waits until everything is applied.
func newStage(ctx context.Context, b built, dir string, jobs int, e estate) (s *stage, err error) {
	s = &stage{ctx: ctx, built: b, dir: dir, jobs: jobs, estate: e}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, err
	}
	if s.world, err = forges.New(forges.Options{Dir: filepath.Join(dir, "forge")}); err != nil {
		return s, err
	}
	s.world.AddOrg("acme", "driftless")
	s.world.AddUser("ada")
	if s.repo, err = s.world.AddRepo("acme/infra"); err != nil {
		return s, err
	}
	s.repo.Grant("ada", forges.Admin)
	s.repo.Grant("driftless", forges.Write)
	s.face = s.world.ServeGitHub()
	if s.cloud, err = cloud.Start(ctx, cloud.Options{Path: filepath.Join(dir, "cloud.json")}); err != nil {
		return s, err
	}
	if err := s.lock(); err != nil {
		return s, err
	}
	if _, err := s.repo.Commit("ada", "main", "Begin", s.estate.files()); err != nil {
		return s, err
	}
	if err := s.configure(); err != nil {
		return s, err
	}
	if err := s.serve(); err != nil {
		return s, err
	}
	return s, s.settle()
}

func (s *stage) configure() error {
	token := s.world.AddToken(forges.Token{Login: "driftless", Scopes: []string{"repo", "read:org"}})
	for name, text := range map[string]string{"token": token, "hooks": hookSecret, "endpoint": s.cloud.URL()} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	config := fmt.Sprintf(`data_dir         = %[1]q
provider_mirrors = [%[2]q]
concurrency      = %[5]d

engine %[6]q { releases = "http://127.0.0.1:1" }
defaults { engine = %[6]q }

http { listen = "127.0.0.1:0" }

github "hub" {
  url         = %[3]q
  write_pause = "0s"
  token { file = %[7]q }
  webhook_secret { file = %[8]q }
}

repository "infra" {
  url           = "%[3]s/acme/infra"
  poll_interval = "1h"
}

identity "cloud" {
  plan {
    env "CLOUD_ENDPOINT" { file = %[4]q }
  }
}
`, filepath.Join(s.dir, "data"), s.built.mirror, s.face.URL, filepath.Join(s.dir, "endpoint"), s.jobs, engineName(),
		filepath.Join(s.dir, "token"), filepath.Join(s.dir, "hooks"))
	return os.WriteFile(filepath.Join(s.dir, "config.hcl"), []byte(config), 0o600)
}

// mirrored writes a configuration of the engine's CLI that takes providers from the mirror, and returns its name.
func (s *stage) mirrored() (string, error) {
	rc := filepath.Join(s.dir, "floor.tfrc")
	return rc, os.WriteFile(rc, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", s.built.mirror), 0o600)
}

// lock makes the lock file of the estate, as people commit it.
func (s *stage) lock() error {
	if !s.estate.cloud {
		return nil
	}
	rc, err := s.mirrored()
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "lock")
	if err := write(dir, map[string]string{"main.tf": s.estate.main(0, "one")}); err != nil {
		return err
	}
	cmd := exec.CommandContext(s.ctx, engineName(), "init", "-input=false", "-no-color", "-backend=false")
	cmd.Dir, cmd.Env = dir, append(s.environ(), "TF_CLI_CONFIG_FILE="+rc, "CHECKPOINT_DISABLE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	lock, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
	s.estate.lock = string(lock)
	return err
}

func engineName() string {
	if name := os.Getenv("ENGINE"); name != "" {
		return name
	}
	return "terraform"
}

func (s *stage) environ() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "NO_COLOR=1", "DRIFTLESS_CONFIG=" + filepath.Join(s.dir, "config.hcl")}
}

func (s *stage) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, s.built.program, args...)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	return cmd
}

// serve starts driftless, and waits until it listens.
func (s *stage) serve() error {
	s.cmd = s.command("serve", "--log-format", "json")
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	heard := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			var said struct{ Msg, Address string }
			_ = json.Unmarshal(lines.Bytes(), &said)
			s.mu.Lock()
			s.logs.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if said.Msg == "listening" {
				heard <- said.Address
			}
		}
	}()
	select {
	case s.address = <-heard:
		return nil
	case <-time.After(time.Minute):
		return s.fault(errors.New("driftless does not listen"))
	}
}

func (s *stage) close() error {
	var err error
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(os.Interrupt)
		err = s.cmd.Wait()
	}
	if s.face != nil {
		s.face.Close()
	}
	if s.cloud != nil {
		err = errors.Join(err, s.cloud.Close())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// fault is an error with the end of the log.
func (s *stage) fault(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.logs.String()
	return fmt.Errorf("%w\n%s", err, text[max(0, len(text)-3000):])
}

// wake tells driftless by a webhook that something happened.
func (s *stage) wake() error {
	events := s.world.Events()
	for i := len(events) - 1; i >= 0; i-- {
		header, body, ok := s.world.GitHub().Delivery(events[i], hookSecret)
		if !ok {
			continue
		}
		header.Set("X-GitHub-Delivery", fmt.Sprintf("%d-%d", time.Now().UnixNano(), i))
		req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, "http://"+s.address+"/webhooks/hub", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header = header
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted {
			return fmt.Errorf("a webhook was answered %s", resp.Status)
		}
		return nil
	}
	return errors.New("nothing happened that a webhook tells of")
}

// until waits for something that is looked for every few milliseconds.
func (s *stage) until(what string, pause time.Duration, done func() bool) error {
	for end := time.Now().Add(30 * time.Minute); !done(); time.Sleep(pause) {
		if time.Now().After(end) {
			return s.fault(fmt.Errorf("waited for %s", what))
		}
		if err := s.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// status reports whether a commit has a status that is final.
func (s *stage) status(commit, context string) bool {
	for _, st := range s.repo.Statuses(commit) {
		if st.Context == context {
			return st.State == "success"
		}
	}
	return false
}

// reported waits for the final report of a pull request: its comment tells of its head, and its status is green.
func (s *stage) reported(n int) error {
	issue, err := s.repo.Issue(n)
	if err != nil {
		return err
	}
	head := issue.Pull.HeadSHA
	return s.until(fmt.Sprintf("the report of %.8s", head), 10*time.Millisecond, func() bool {
		return s.status(head, "driftless/plan") && strings.Contains(s.comment(n), head[:8])
	})
}

func (s *stage) comment(n int) string {
	for _, c := range s.repo.CommentsOf(n) {
		if c.Author == "driftless" {
			return c.Body
		}
	}
	return ""
}

// applied waits until a commit of the tracked branch is applied.
func (s *stage) applied(commit string) error {
	return s.until(fmt.Sprintf("the apply of %.8s", commit), 10*time.Millisecond, func() bool { return s.status(commit, "driftless/apply") })
}

// settle approves what was there at first sight, and waits until it is applied.
func (s *stage) settle() error {
	if s.estate.broken {
		return s.synced("Failed")
	}
	if err := s.synced("Pending"); err != nil {
		return err
	}
	if out, err := s.command("approve", "--all").CombinedOutput(); err != nil {
		return s.fault(fmt.Errorf("approve: %w\n%s", err, out))
	}
	return s.synced("Synced")
}

// look is how often all workspaces are listed to see how far they are: each look takes driftless some time itself.
func (s *stage) look() time.Duration {
	return max(200*time.Millisecond, time.Duration(s.estate.roots)*2*time.Millisecond)
}

// synced waits until all workspaces have a sync status, and nothing is at work.
func (s *stage) synced(sync string) error {
	return s.until("all workspaces to be "+sync, s.look(), func() bool {
		out, err := s.command("workspaces", "-o", "json").Output()
		var all []struct{ Sync string }
		if err != nil || json.Unmarshal(out, &all) != nil || len(all) != s.estate.roots {
			return false
		}
		for _, w := range all {
			if w.Sync != sync {
				return false
			}
		}
		return !s.working()
	})
}

// working reports whether a run is under way or waits.
func (s *stage) working() bool {
	out, err := s.command("runs", "-o", "json").Output()
	var all []struct{ Status string }
	if err != nil || json.Unmarshal(out, &all) != nil {
		return true
	}
	for _, r := range all {
		switch r.Status {
		case "queued", "planning", "planned", "applying":
			return true
		}
	}
	return false
}

// resident is how much memory driftless has, in bytes, and how many seconds of processor time it took so far.
func (s *stage) resident() (size, cpu float64, err error) {
	pid := strconv.Itoa(s.cmd.Process.Pid)
	statm, err := os.ReadFile("/proc/" + pid + "/statm")
	if err != nil {
		return 0, 0, err
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(statm))[1], 64)
	if err != nil {
		return 0, 0, err
	}
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	return pages * float64(os.Getpagesize()), (user + system) / 100, errors.Join(err1, err2)
}

// peak is the most memory that driftless had so far, in bytes.
func (s *stage) peak() (float64, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, err
	}
	var kib float64
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscanf(rest, "%f kB", &kib)
	return kib * 1024, err
}
