package runner

import (
	"bufio"
	"errors"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEndOrphans starts what an engine leaves behind when it is killed, and what it must not be taken for.
func TestEndOrphans(t *testing.T) {
	t.Parallel()
	r := &Runner{opts: Options{DataDir: t.TempDir()}, log: slog.New(slog.DiscardHandler)}
	mine := filepath.Join(r.opts.DataDir, "runs", "7", "tmp")
	orphan := leave(t, mine, "sleep 600 >/dev/null & echo $!")
	driven := leave(t, mine, "sleep 600 >/dev/null & echo $!; exec sleep 600")
	foreign := leave(t, filepath.Join(t.TempDir(), "runs", "7", "tmp"), "sleep 600 >/dev/null & echo $!")
	r.endOrphans()
	for deadline := time.Now().Add(time.Minute); !over(orphan); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the orphan is still there")
		}
	}
	if over(driven) || over(foreign) {
		t.Errorf("gone: what an engine still drives %t, what another driftless left %t", over(driven), over(foreign))
	}
}

// leave runs a script in a process group of its own, and returns the process that it prints; all of it ends with the test.
func leave(t *testing.T, home, script string) (pid int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "TF_CLI_CONFIG_FILE=" + filepath.Join(home, "cli.tfrc")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(script, "exec") {
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	} else if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return pid
}

// over reports whether a process ended; one that nobody waits for is a zombie.
func over(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	out, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return strings.HasPrefix(string(out), "Z")
}
