package supervisor

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"log/slog"
	random "math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// reserveFile takes room on the disk that is given back when something cannot be written: the engine that meets a full disk has
// changed the world already.
const reserveFile = "reserve"

// room is what is set aside besides the size of the state, in bytes.
const room = 1 << 20

// reserve sets room aside for what is to be written down in the end. Without it nothing begins.
func (a *Apply) reserve(take func(f *os.File, size int64) error) error {
	size := room
	if state := a.Order.State; state != nil {
		size += len(state.Content)
	}
	f, err := os.OpenFile(a.path(reserveFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = take(f, int64(size)); errors.Is(err, errors.ErrUnsupported) {
		content := make([]byte, size)
		var seed [32]byte
		_, _ = rand.Read(seed[:])
		_, _ = random.NewChaCha8(seed).Read(content) // file systems that compress would keep no room for zeros
		_, err = f.Write(content)
	}
	return errors.Join(err, f.Close())
}

// inRoom writes what comes of an engine, in the room that was set aside when there is no other.
func inRoom(dir string, write func() error) error {
	err := write()
	if err == nil || os.Remove(filepath.Join(dir, reserveFile)) != nil {
		return err
	}
	return write()
}

// Full reports whether something could not be written for want of room: that goes away by itself.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// keep writes the newest version of the state down. One for which there is no room stays in memory, and a newer one takes its
// place: the engine is not told, since it could only leave its state on the same disk.
func (b *backend) keep() error {
	if b.kept {
		return nil
	}
	err := inRoom(b.dir, func() error { return writeFile(stateFile(b.dir, b.last+1), b.content) })
	if err != nil {
		return err
	}
	b.last, b.kept = b.last+1, true
	return nil
}

// keepTrying keeps what could not be written at once.
func (b *backend) keepTrying() {
	for range time.Tick(time.Second) {
		b.mu.Lock()
		_ = b.keep()
		b.mu.Unlock()
	}
}

// insist writes until it worked: what it writes is nowhere else. When its directory is gone nobody would read it.
func insist(log *slog.Logger, what string, write func() error) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := write()
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		log.Error(what+" cannot be written yet", "error", err)
		time.Sleep(wait)
	}
}
