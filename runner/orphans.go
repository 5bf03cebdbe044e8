package runner

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// endOrphans kills what engines left behind that are gone: a provider does not end by itself when its engine was killed before it
// said that it is there. Engines have process groups of their own; one whose leader is gone does nothing for anybody.
func (r *Runner) endOrphans() {
	home := []byte("\x00HOME=" + filepath.Join(r.opts.DataDir, "runs") + string(filepath.Separator))
	all, _ := filepath.Glob("/proc/[0-9]*/environ") // nothing where there is no /proc
	for _, name := range all {
		env, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(append([]byte{0}, env...), home) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			continue
		}
		group, err := syscall.Getpgid(pid)
		if err != nil || group == syscall.Getpgrp() || !errors.Is(syscall.Kill(group, 0), syscall.ESRCH) {
			continue
		}
		r.log.Warn("a process that an engine left behind is ended", "process", pid, "group", group)
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
}
