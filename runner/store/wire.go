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

// Write implements net.Conn.
func (w *wire) Write(b []byte) (int, error) {
	w.limit(w.SetWriteDeadline)
	return w.Conn.Write(b)
}
