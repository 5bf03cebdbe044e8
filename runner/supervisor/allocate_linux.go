package supervisor

import (
	"errors"
	"os"
	"syscall"
)

// allocate takes room on the disk for a file, without writing it. Not every file system can.
func allocate(f *os.File, size int64) error {
	for {
		err := syscall.Fallocate(int(f.Fd()), 0, 0, size)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
