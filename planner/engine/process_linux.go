package engine

import "syscall"

// sysProcAttr gives the engine a process group of its own. When this process dies, the engine is interrupted, unless it is to
// outlive it. The kernel may interrupt it more than once: it does so as each thread of this process ends that was its parent. An
// engine that is interrupted twice saves nothing, so this is for those only that change nothing.
func sysProcAttr(outlives bool) *syscall.SysProcAttr {
	if outlives {
		return &syscall.SysProcAttr{Setpgid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}
