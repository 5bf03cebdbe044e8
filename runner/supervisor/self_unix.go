//go:build unix && !linux

package supervisor

import "os"

// self is the program that runs.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}
