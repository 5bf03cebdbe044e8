package engine

import "syscall"

// sysProcAttr gives the engine a process group of its own. When this process dies, the engine is interrupted rather
// than killed; a detached one goes on.
func sysProcAttr(detached bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if !detached {
		attr.Pdeathsig = syscall.SIGINT
	}
	return attr
}
