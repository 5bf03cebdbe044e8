package runner

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// rescuedDir is where states are kept that are nowhere else. Nothing but a person removes them.
func rescuedDir(dataDir string) string { return filepath.Join(dataDir, "rescued") }

// KeepApply moves what the supervisor of a run wrote, and no record has, to where nothing removes it. The run is given by the name
// of its directory.
func KeepApply(dataDir, run string) (kept string, err error) {
	dir := filepath.Join(runsDir(dataDir), run, applySubdir)
	kept = filepath.Join(rescuedDir(dataDir), run+"-apply")
	if err := os.MkdirAll(rescuedDir(dataDir), 0o700); err != nil {
		return kept, err
	}
	free := kept
	for n := 2; exists(free); n++ {
		free = fmt.Sprintf("%s.%d", kept, n)
	}
	return free, os.Rename(dir, free)
}

// keepFile gives a file a second name, so that it stays when the first one is removed: that needs no room on the disk. When
// something else has that name, it gets a number.
func keepFile(from, to string) (kept string, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", err
	}
	kept = to
	for n := 2; ; n++ {
		err = os.Link(from, kept)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			err = copyFile(from, kept) // to another file system
		}
		if !errors.Is(err, fs.ErrExist) {
			return kept, err
		} else if equalFiles(from, kept) {
			return kept, nil
		}
		kept = fmt.Sprintf("%s.%d", to, n)
	}
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(to) // half of a state is none
	}
	return err
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

func equalFiles(a, b string) bool {
	one, err := os.ReadFile(a)
	two, failed := os.ReadFile(b)
	return err == nil && failed == nil && bytes.Equal(one, two)
}
