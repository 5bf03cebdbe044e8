package mask

import (
	"io"
	"sync"
)

// Writer returns a writer that masks what goes through it, also across writes; Close flushes, and leaves w open.
// It holds back no more than what may be the beginning of a secret. It is safe for concurrent use.
func (m *Masker) Writer(w io.Writer) io.WriteCloser { return &writer{masker: m, out: w} }

type writer struct {
	mu     sync.Mutex
	masker *Masker
	out    io.Writer
	held   []byte // not written yet
	pass   scan   // over held
	err    error  // the first failed write
}

// Write reports all of p as written once it is taken over; an error of the underlying writer is final.
func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(p)
	if err := w.flush(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what is held back.
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.take(nil)
	return w.flush(true)
}

// take appends to what is held, which is searched again only when secrets were added meanwhile.
func (w *writer) take(p []byte) {
	w.held = append(w.held, p...)
	if search := w.masker.automaton(); search != w.pass.search {
		w.pass, p = scan{search: search}, w.held
	}
	if w.pass.search != nil {
		w.pass.feed(p)
	}
}

// flush writes what is decided, or all at the end.
func (w *writer) flush(end bool) error {
	if w.err != nil {
		return w.err
	}
	decided := len(w.held)
	if w.pass.search != nil && !end {
		decided = w.pass.decided()
	}
	if decided == 0 {
		return nil
	}
	masked := w.pass.replace(make([]byte, 0, decided), w.held, decided)
	w.pass.drop(decided)
	w.held = append(w.held[:0], w.held[decided:]...)
	_, w.err = w.out.Write(masked)
	return w.err
}
