package runner

import (
	"bufio"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEndOrphans starts what runs leave behind, and what must not be taken for that.
func TestEndOrphans(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	r := &Runner{opts: Options{DataDir: data}, log: slog.New(slog.DiscardHandler), members: &membership{hands: map[int64]bool{7: true}}}
	of := func(run string) string { return filepath.Join(data, "runs", run, "tmp") }
	const alone, daemon, forked = "sleep 600 >/dev/null & echo $!", "setsid sh -c 'echo $$; exec sleep 600' &", "setsid sh -c 'sleep 600 >/dev/null & echo $!'"
	lock := supervised(t, filepath.Join(data, "runs", "8", "apply"))
	stay := map[string]int{
		"what a run started that is in hand":                       leave(t, of("7"), alone),
		"a daemon of a run that is in hand":                        leave(t, of("7"), daemon),
		"what forked twice, of an apply whose supervisor is alive": leave(t, of("8"), forked),
		"an engine that was interrupted when driftless was killed": leave(t, of("9"), "echo $$; exec sleep 600"),
		"what forked twice while that engine ends":                 leave(t, of("9"), forked),
		"what another driftless left":                              leave(t, filepath.Join(t.TempDir(), "runs", "10", "tmp"), alone),
	}
	end := map[string]int{
		"what an engine left":                       leave(t, of("10"), alone),
		"a daemon, of a plan":                       leave(t, of("11"), daemon),
		"what a zombie left":                        leave(t, of("12"), "sleep 600 >/dev/null & echo $!; exit 0 # nobody waits"),
		"what joined driftless's own process group": leave(t, of("13"), "sleep 600 >/dev/null & echo $! # own group"),
	}
	r.endOrphans()
	for what, pid := range end {
		awaitOver(t, what, pid)
	}
	for what, pid := range stay {
		if over(pid) {
			t.Errorf("it was ended: %s", what)
		}
	}
	r.members.drop(7)
	if err := errors.Join(lock.Close(), syscall.Kill(stay["an engine that was interrupted when driftless was killed"], syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	awaitOver(t, "the engine", stay["an engine that was interrupted when driftless was killed"])
	foreign := stay["what another driftless left"]
	delete(stay, "what another driftless left")
	for what, pid := range stay {
		awaitOver(t, what, pid, r.endOrphans)
	}
	if over(foreign) {
		t.Error("what another driftless left was ended")
	}
}

// supervised makes a directory look like that of an apply with a supervisor that is alive, until the lock is closed.
func supervised(t *testing.T, dir string) *os.File {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// awaitOver waits for the end of a process, and does something again and again meanwhile.
func awaitOver(t *testing.T, what string, pid int, again ...func()) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !over(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it is still there: %s", what)
		}
		for _, do := range again {
			do()
		}
	}
}

// leave runs a script as an engine, and returns the process that it prints, which ends with the test.
func leave(t *testing.T, home, script string) (pid int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "TF_CLI_CONFIG_FILE=" + filepath.Join(home, "cli.tfrc")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !strings.Contains(script, "own group")}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if pid == cmd.Process.Pid || strings.Contains(script, "nobody waits") {
		t.Cleanup(func() { _ = cmd.Wait() })
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
