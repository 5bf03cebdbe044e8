package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/driftlessops/driftless/runner/server"
)

// lockPatience is how long a lock is waited for: a process that the last driftless was starting when it was killed holds a copy
// of the descriptor until it has begun.
const lockPatience = 3 * time.Second

// lock takes the lock of a data directory; it ends with the process.
func lock(ctx context.Context, path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	for err = take(f); errors.Is(err, ErrBusy) && time.Since(begin) < lockPatience && ctx.Err() == nil; err = take(f) {
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		// Said aloud: a process that is being started this moment may hold a copy of the descriptor for a while.
		return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
	}, nil
}

func take(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrBusy
	}
	return err
}

// listenUnix listens on a socket that only the owner can use. The name may be longer than the kernel allows for an
// address, so it is bound by way of the directory.
func listenUnix(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	address, done, err := shortAddress(path)
	if err != nil {
		return nil, err
	}
	defer done()
	old := unix.Umask(0o177)
	listener, err := net.Listen("unix", address)
	unix.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", path, err)
	}
	if unixListener, ok := listener.(*net.UnixListener); ok {
		unixListener.SetUnlinkOnClose(false)
	}
	return removing{listener, path}, nil
}

// removing removes the socket's name when it is closed.
type removing struct {
	net.Listener
	path string
}

func (r removing) Close() error { return errors.Join(r.Listener.Close(), os.Remove(r.path)) }

// shortAddress returns an address for a socket whose path is too long for the kernel (108 bytes).
func shortAddress(path string) (address string, done func(), err error) {
	if len(path) < 100 {
		return path, func() {}, nil
	}
	tmp := os.TempDir()
	if len(tmp) > 60 {
		tmp = "/tmp"
	}
	dir, err := os.MkdirTemp(tmp, "driftless-")
	if err != nil {
		return "", nil, err
	}
	link := filepath.Join(dir, "d")
	if err := os.Symlink(filepath.Dir(path), link); err != nil {
		return "", nil, err
	}
	return filepath.Join(link, filepath.Base(path)), func() { _ = os.RemoveAll(dir) }, nil
}

// Connect returns a client of the daemon that serves a data directory; ok is false when none does.
func Connect(dataDir string) (client *server.Client, ok bool) {
	address, done, err := shortAddress(SocketPath(dataDir))
	if err != nil {
		return nil, false
	}
	conn, err := net.Dial("unix", address)
	if err != nil {
		done()
		return nil, false
	}
	_ = conn.Close()
	return server.Dial(address), true
}

// peerActor notes who is at the other end of a connection.
func peerActor(ctx context.Context, conn net.Conn) context.Context {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return ctx
	}
	who := "unknown"
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			who = userName(int(cred.Uid))
		}
	})
	return server.WithActor(ctx, who)
}

// userName is the name of a user, or its number, on this machine: a name without a machine is a forge's.
func userName(uid int) string {
	name, host := fmt.Sprintf("uid %d", uid), "localhost"
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// Actor is who runs this process.
func Actor() string { return userName(os.Getuid()) }
