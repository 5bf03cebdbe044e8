package test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// small is a world whose data directory is a small file system of its own.
type small struct {
	*world
	space string // process in whose name space it is mounted
}

func newSmall(t *testing.T, size string, files map[string]string) *small {
	t.Helper()
	s := &small{world: newWorld(t, files)}
	s.must(os.Mkdir(s.dataDir(), 0o700))
	const mount = `mount -t tmpfs -o size="$1",mode=700 tmpfs "$2" && echo mounted && exec sleep 100000`
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", size, s.dataDir())
	out, err := cmd.StdoutPipe()
	s.must(err)
	if err := cmd.Start(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		t.Skipf("a small file system cannot be mounted here: %q, %v", line, err)
	}
	s.space = strconv.Itoa(cmd.Process.Pid)
	return s
}

// inside is a program that sees the small file system.
func (s *small) inside(program string, args ...string) (out string, err error) {
	cmd := exec.Command("nsenter", append([]string{"-t", s.space, "-U", "-m", "--preserve-credentials", "--", program}, args...)...)
	cmd.Dir, cmd.Env = s.clone, s.env
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// fill leaves so many KiB.
func (s *small) fill(left int) {
	s.t.Helper()
	out, err := s.inside("sh", "-c", fmt.Sprintf("cat /dev/zero > '%s'; truncate -s -%dK '%[1]s'", s.filler(), left))
	s.must(err)
	if !strings.Contains(out, "No space left") {
		s.t.Fatalf("the disk is not full: %s", out)
	}
}

func (s *small) filler() string { return filepath.Join(s.dataDir(), "filler") }

// TestFullDisk fills the disk of the data directory: what cannot be written is not done, somebody is told, and when there is room again
// it goes on where it was, with nothing lost and nothing done twice.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newSmall(t, "64m", map[string]string{"app/main.tf": idle})
	s.configure("\nretention {\n  min_free = \"0\"\n}\n")
	pass := func() (string, error) { return s.inside(built.program, "serve", "--once") }
	synced := func(when string) {
		t.Helper()
		if out, err := pass(); err != nil {
			t.Fatalf("%s: %v\n%s", when, err, out)
		}
		if out, err := s.inside(built.program, "workspaces"); err != nil || !strings.Contains(out, "Synced") {
			t.Fatalf("%s: %v\n%s", when, err, out)
		}
	}
	synced("at first")
	made := s.path("made")
	s.propose("driftless/make", map[string]string{"app/made.tf": strings.Replace(making, "${var.made}", made, 1)})
	s.fill(0)
	told := false
	for _, left := range []int{0, 64, 512, 4096} {
		s.fill(left)
		out, err := pass()
		told = told || err != nil || strings.Contains(strings.ToLower(out), "no space left")
		if out, err := s.inside("rm", s.filler()); err != nil {
			t.Fatal(out, err)
		}
	}
	if !told {
		t.Error("nobody was told that the disk is full")
	}
	synced("when there is room again")
	s.merge("driftless/make")
	for _, left := range []int{0, 64, 512} {
		s.fill(left)
		_, _ = pass()
		if out, err := s.inside("rm", s.filler()); err != nil {
			t.Fatal(out, err)
		}
	}
	for range 3 {
		_, _ = pass()
		if runs, err := s.inside(built.program, "workspaces"); err == nil && !strings.Contains(runs, "Synced") {
			for id := 1; id < 20; id++ {
				_, _ = s.inside(built.program, "approve", strconv.Itoa(id)) // of an apply that could not be done
			}
		}
	}
	synced("when there is room for good")
	if text, err := os.ReadFile(made); err != nil || string(text) != "made\n" {
		t.Errorf("it was made %d times: %v", strings.Count(string(text), "made"), err)
	}
}
