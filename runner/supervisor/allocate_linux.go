package supervisor

import (
	"errors"
	"os"
	"syscall"
)

// allocate takes room on the disk for a file, without writing it. errors.ErrUnsupported: its file system cannot, or says that it did
// and has not (ZFS).
func allocate(f *os.File, size int64) error {
	err := error(syscall.EINTR)
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Fallocate(int(f.Fd()), 0, 0, size)
	}
	if err != nil {
		return err
	}
	return taken(f, size)
}

// taken is errors.ErrUnsupported where a file of this size takes less room than that.
func taken(f *os.File, size int64) error {
	var s syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &s); err != nil {
		return err
	}
	if s.Blocks*512 < size {
		return errors.ErrUnsupported
	}
	return nil
}
