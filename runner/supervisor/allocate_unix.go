//go:build unix && !linux

package supervisor

import (
	"errors"
	"os"
)

// allocate is Linux's alone.
func allocate(*os.File, int64) error { return errors.ErrUnsupported }
