package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMemory measures a process that takes much.
func TestMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("dd", "if=/dev/zero", "of=/dev/null", "bs=64M")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), cliConfigVariable + "=" + filepath.Join(dir, "cli.tfrc")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	used := int64(0)
	for deadline := time.Now().Add(time.Minute); used < 64<<20 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for _, p := range Processes(dir) {
			used = p.Memory()
		}
	}
	if used < 64<<20 || used > 70<<20 {
		t.Errorf("it takes %d bytes", used)
	}
	if gone := (Process{PID: 1 << 30}).Memory(); gone != 0 {
		t.Errorf("a process that is not there takes %d bytes", gone)
	}
}

// TestSignal: a process whose number is another's by now is sent nothing.
func TestSignal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("sleep", "600")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), cliConfigVariable + "=" + filepath.Join(dir, "cli.tfrc")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	Process{PID: cmd.Process.Pid, TempDir: filepath.Join(dir, "earlier")}.Signal(syscall.SIGKILL)
	all := Processes(dir)
	if len(all) != 1 || all[0].PID != cmd.Process.Pid || all[0].Engine() { // it is in the group of this test
		t.Fatalf("%+v", all)
	}
	all[0].Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if got := cmd.ProcessState.Sys().(syscall.WaitStatus); !got.Signaled() || got.Signal() != syscall.SIGTERM {
		t.Errorf("%v", got)
	}
	if all = Processes(dir); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}
