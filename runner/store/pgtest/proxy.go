package pgtest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between one user of a database and its server, as the network does, and fails like it.
type Proxy struct {
	URL string // of the database through the proxy

	to       string
	listener net.Listener
	swallows atomic.Bool
	mu       sync.Mutex
	conns    map[net.Conn]bool
	closed   bool
}

// NewProxy makes a proxy to the database that a URL names by a TCP address. It ends with the test.
func NewProxy(t testing.TB, base string) *Proxy {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil || u.Port() == "" {
		t.Fatalf("a proxy needs a URL with a host and a port, not %s", base)
	}
	p := &Proxy{to: u.Host, conns: map[net.Conn]bool{}}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	p.URL = u.String()
	t.Cleanup(p.close)
	go p.serve()
	return p
}

// Swallow makes everything that is sent get lost, both ways, without a word to anybody; new connections as well.
func (p *Proxy) Swallow() { p.swallows.Store(true) }

// Cut ends all connections; new ones are taken.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Heal ends Swallow. What was under way is lost: its connections end.
func (p *Proxy) Heal() {
	p.swallows.Store(false)
	p.Cut()
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Cut()
}

func (p *Proxy) serve() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.connect(from)
	}
}

func (p *Proxy) connect(from net.Conn) {
	to, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = from.Close()
		return
	}
	p.mu.Lock()
	p.conns[from], p.conns[to] = true, true
	closed := p.closed
	p.mu.Unlock()
	if closed {
		p.Cut()
	}
	var both sync.WaitGroup
	both.Go(func() { p.pass(from, to) })
	both.Go(func() { p.pass(to, from) })
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
	delete(p.conns, to)
}

// pass passes on what comes until one side ends, which ends the other.
func (p *Proxy) pass(from io.ReadCloser, to io.WriteCloser) {
	defer func() { _, _ = from.Close(), to.Close() }()
	data := make([]byte, 32<<10)
	for {
		n, err := from.Read(data)
		if n > 0 && !p.swallows.Load() {
			if _, err := to.Write(data[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
