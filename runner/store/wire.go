package store

import (
	"context"
	"net"
	"sync"
	"time"
)

// dial connects to a server so that a network which swallows everything is noticed: while nothing is sent by the probes of
// the system, and while an answer is waited for by the silence.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control:         limitUnacknowledged,
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wire{Conn: conn, silence: silence}, nil
}

// wire is a connection on which silence has an end, unless its user set another one.
type wire struct {
	net.Conn
	silence time.Duration // that is borne

	mu  sync.Mutex
	own bool // the user set a deadline
}

// SetDeadline implements net.Conn.
func (w *wire) SetDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own = !t.IsZero()
	return w.Conn.SetDeadline(t)
}

func (w *wire) limit(set func(time.Time) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.own {
		_ = set(time.Now().Add(w.silence))
	}
}

// Read implements net.Conn.
func (w *wire) Read(b []byte) (int, error) {
	w.limit(w.SetReadDeadline)
	return w.Conn.Read(b)
}

// part is how much is sent at a time, in bytes: as long as the other side takes some of it, it is not silent.
const part = 64 << 10

// Write implements net.Conn. An answer is waited for from its end on.
func (w *wire) Write(b []byte) (n int, err error) {
	for done := false; !done && err == nil; done = n == len(b) {
		w.limit(w.Conn.SetDeadline)
		var sent int
		sent, err = w.Conn.Write(b[n:min(n+part, len(b))])
		n += sent
	}
	return n, err
}
