//go:build unix

package pgtest

import (
	"os"
	"syscall"
)

// nobody is the user and group of the server when root tests: PostgreSQL refuses to run as root.
const nobody = 65534

func unprivileged() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is for the test
	if os.Geteuid() == 0 {
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return attributes
}

// give lets the server have a directory.
func give(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(dir, nobody, nobody)
}
