//go:build unix && !linux

package engine

import "syscall"

// sysProcAttr gives the engine a process group of its own.
func sysProcAttr(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
