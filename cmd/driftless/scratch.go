package main

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// scratch is a data directory for one local plan. It is in the user's cache directory, where engines and providers that were
// downloaded stay for the next plan; all else is removed. While another plan uses that one, it is a temporary directory.
func scratch() (dir string, done func(), err error) {
	if dir, done, err = cachedScratch(); err == nil {
		return dir, done, nil
	}
	dir, err = os.MkdirTemp("", "driftless-plan-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

func cachedScratch() (dir string, done func(), err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil, err
	}
	dir = filepath.Join(cache, "driftless", "plan")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	f, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return "", nil, errors.Join(err, f.Close())
	}
	if err := sweep(dir); err != nil {
		return "", nil, errors.Join(err, f.Close())
	}
	return dir, func() { _ = errors.Join(sweep(dir), f.Close()) }, nil
}

// sweep removes everything but what was downloaded.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var problems []error
	for _, e := range entries {
		if e.Name() != "engines" && e.Name() != "providers" {
			problems = append(problems, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(problems...)
}
