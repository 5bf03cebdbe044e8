package engine

import "syscall"

// sysProcAttr gives the engine a process group of its own. When this process dies, the engine is interrupted rather
// than killed, so that it can still save what it did.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}
