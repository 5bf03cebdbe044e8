package engine

import "syscall"

// sysProcAttr gives the engine a process group of its own. When this process dies, the engine is interrupted.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}
