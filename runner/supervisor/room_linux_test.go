package supervisor

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk runs TestOnASmallDisk where a small file system can be mounted.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestOnASmallDisk$", "-test.v")
	cmd.Env = append(os.Environ(), "DRIFTLESS_SMALL_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), "cannot be mounted") {
		t.Skipf("a small file system cannot be mounted here: %v\n%s", err, out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestOnASmallDisk") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestOnASmallDisk fills the disk in the middle of an apply: what its engine wrote is kept in the room that was set aside, or in memory
// until there is room, and nothing begins without it.
func TestOnASmallDisk(t *testing.T) {
	dir := os.Getenv("DRIFTLESS_SMALL_DISK")
	if dir == "" {
		t.Skip("runs as a child of TestFullDisk")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=700"); err != nil {
		t.Fatalf("tmpfs cannot be mounted: %v", err)
	}
	t.Setenv("TMPDIR", dir)
	state := func(serial int) string {
		return fmt.Sprintf(`{"version":4,"serial":%d,"lineage":"l","x":%q}`, serial, strings.Repeat("x", 100_000*serial))
	}
	b := start(t, prints, func(o *Order) { o.State = &State{Workspace: "r//app", Content: []byte(state(1))} })
	b.ready()
	text, err := os.ReadFile(filepath.Join(b.dir, "checkout", "env"))
	b.must(err)
	env := strings.Fields(string(text))
	post := func(serial int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, env[0], strings.NewReader(state(serial)))
		b.must(err)
		req.SetBasicAuth(env[1], env[2])
		res, err := http.DefaultClient.Do(req)
		b.must(err)
		if b.must(res.Body.Close()); res.StatusCode != http.StatusOK {
			t.Errorf("serial %d: %s", serial, res.Status)
		}
	}
	serials := func() (all []int64) {
		versions, err := b.apply.Versions(0)
		b.must(err)
		for _, v := range versions {
			all = append(all, v.Serial)
		}
		return all
	}

	filler := b.fill(dir)
	post(2)
	if got := serials(); !slices.Equal(got, []int64{2}) {
		t.Errorf("in the room that was set aside: %v", got)
	}
	more := b.fill(dir) // and others take what was set aside
	post(3)
	post(4)
	if got := serials(); !slices.Equal(got, []int64{2}) {
		t.Errorf("without room: %v", got)
	}
	if _, err := Start(filepath.Join(dir, "another", "apply"), b.apply.Order); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("an apply begins on a full disk: %v", err)
	}
	b.must(os.WriteFile(filepath.Join(b.dir, "checkout", "go"), nil, 0o600))
	b.await("the engine has ended", func() bool { return len(b.apply.Left()) == 0 })
	if !b.apply.Alive() {
		t.Fatal("the supervisor ended with the newest state in its memory")
	}
	b.must(errors.Join(os.Remove(filler), os.Remove(more)))
	if result := b.end(); result.Exit != 0 || len(result.Refused) > 0 {
		t.Errorf("%+v", result)
	}
	if got := serials(); !slices.Equal(got, []int64{2, 4}) {
		t.Errorf("in the end: %v", got)
	}
}

// fill leaves nothing of the disk, and returns the file that takes it.
func (b *bench) fill(dir string) string {
	b.Helper()
	f, err := os.CreateTemp(dir, "filler-")
	b.must(err)
	for size := 1 << 20; size > 0; {
		n, err := f.Write(make([]byte, size))
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			b.Fatal(err)
		}
		if n < size {
			size /= 2
		}
	}
	b.must(f.Close())
	return f.Name()
}
