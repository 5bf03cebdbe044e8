package gitrepo

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.lock")
	one, other := &lock{path: path}, &lock{path: path} // as two processes
	ended, end := context.WithCancel(t.Context())
	end()
	a := must[*held](t)(one.shared(t.Context()))
	b := must[*held](t)(other.shared(t.Context()))
	b.release()
	if _, err := other.exclusive(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("exclusive beside shared: %v", err)
	}
	a.release()
	b = must[*held](t)(other.exclusive(t.Context()))
	if _, err := one.shared(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("shared beside exclusive: %v", err)
	}
	b.release()
	must[*held](t)(one.shared(t.Context())).release()
}

// A git(1) whose parent was killed still writes: until it ends, nobody may prune or remove lock files.
func TestLockOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.lock")
	h := must[*held](t)((&lock{path: path}).shared(t.Context()))
	orphan := exec.Command("cat")
	orphan.ExtraFiles = append(orphan.ExtraFiles, h.file)
	stdin, err := orphan.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	_ = h.file.Close() // as the kernel does when the parent dies
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := (&lock{path: path}).exclusive(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the orphan does not hold the lock: %v", err)
	}
	_ = stdin.Close()
	_ = orphan.Wait()
	must[*held](t)((&lock{path: path}).exclusive(t.Context())).release()
}
