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

// smallDisk names a small file system that is empty, for machines where none can be mounted: `docker run --tmpfs /small:size=8m`.
const smallDisk = "DRIFTLESS_TEST_SMALL_DISK"

// TestFullDisk runs TestOnASmallDisk on a small file system: in a namespace where any user may mount one, or as root, or on the
// one that the environment names.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	self := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
	ways := []*syscall.SysProcAttr{
		{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: self(os.Getuid()), GidMappings: self(os.Getgid())},
		{Cloneflags: syscall.CLONE_NEWNS},
	}
	dir := t.TempDir()
	if named := os.Getenv(smallDisk); named != "" {
		ways, dir = []*syscall.SysProcAttr{{}}, named
	}
	refused := ""
	for _, way := range ways {
		cmd := exec.Command(os.Args[0], "-test.run=^TestOnASmallDisk$", "-test.v")
		cmd.Env = append(os.Environ(), onSmallDisk+"="+dir)
		cmd.SysProcAttr = way
		out, err := cmd.CombinedOutput()
		switch {
		case cmd.ProcessState == nil || strings.Contains(string(out), noMount):
			refused += fmt.Sprintf("\n%v %s", err, out)
			continue
		case err != nil || !strings.Contains(string(out), "--- PASS: TestOnASmallDisk"):
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	t.Skipf("no small file system can be mounted here: run as root, allow user namespaces, or name one in %s:%s", smallDisk, refused)
}

const (
	onSmallDisk = "DRIFTLESS_SMALL_DISK" // where the child mounts one, unless it is one
	noMount     = "cannot be mounted"
)

// onASmallDisk makes a directory a small file system.
func onASmallDisk(t *testing.T, dir string) {
	t.Helper()
	const most = 64 << 20
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err == nil && s.Blocks*uint64(s.Bsize) <= most {
		return
	}
	// What is mounted here must not come to be anywhere else.
	err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=700")
	}
	if err != nil {
		t.Fatalf("tmpfs %s: %v", noMount, err)
	}
}

// TestOnASmallDisk fills the disk in the middle of an apply: what its engine wrote is kept in the room that was set aside, or in memory
// until there is room, and nothing begins without it.
func TestOnASmallDisk(t *testing.T) {
	dir := os.Getenv(onSmallDisk)
	if dir == "" {
		t.Skip("runs as a child of TestFullDisk")
	}
	onASmallDisk(t, dir)
	t.Cleanup(func() {
		_ = errors.Join(os.RemoveAll(filepath.Join(dir, "another")), os.RemoveAll(filepath.Join(dir, "later")))
	})
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
	b.beginsWithoutRoom(dir)
}

// beginsWithoutRoom: a supervisor that finds no room for its first word starts no engine, and says so when there is room.
func (b *bench) beginsWithoutRoom(disk string) {
	b.Helper()
	a := &Apply{Order: b.apply.Order, dir: filepath.Join(disk, "later", "apply")}
	b.must(a.write())
	b.must(errors.Join(os.Remove(a.path(reserveFile)), os.WriteFile(a.path(logFile), []byte("room for a few lines\n"), 0o600)))
	filler := b.fill(disk)
	lock, err := a.lock(syscall.LOCK_EX)
	b.must(err)
	b.must(errors.Join(a.start(lock), lock.Close()))
	b.await("it says that there is no room", func() bool {
		log, _ := os.ReadFile(a.path(logFile))
		return strings.Contains(string(log), "the result cannot be written yet")
	})
	b.must(os.Remove(filler))
	b.await("its end", func() bool { return !a.Alive() })
	if result, err := a.Result(); err != nil || result.Started || !result.Again || !result.NoRoom || a.Begun() {
		b.Errorf("%+v, %v, begun %t", result, err, a.Begun())
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

// TestRoomIsTaken: where a file system does not take room for a file that is not written, it is written.
func TestRoomIsTaken(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*os.File, int64) error{
		"taken": allocate,
		"as on ZFS": func(f *os.File, size int64) error {
			return errors.Join(f.Truncate(size), taken(f, size))
		},
	} {
		a := &Apply{dir: t.TempDir()}
		if err := a.reserve(take); err != nil {
			t.Fatal(name, err)
		}
		f, err := os.Open(a.path(reserveFile))
		if err == nil {
			err = errors.Join(taken(f, room), f.Close())
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
