package pgtest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between one user of a database and its server, as the network does, and fails like it.
type Proxy struct {
	URL string // of the database through the proxy

	to       string
	listener net.Listener
	swallows atomic.Bool
	slow     atomic.Int64 // see Slow
	mu       sync.Mutex
	conns    map[net.Conn]bool
	refuses  bool
	lose     string // see Lose
	before   bool
	lost     int
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

// Slow lets so many bytes a second through, each way; 0 = as many as come.
func (p *Proxy) Slow(bytes int64) { p.slow.Store(bytes) }

// Cut ends all connections; new ones are taken.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Refuse ends all connections, and new ones as soon as they are made, as a server does that is away.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	p.refuses = true
	p.mu.Unlock()
	p.Cut()
}

// Lose ends the next connection on which the user says text: before the server has it, or once the server has answered it.
func (p *Proxy) Lose(text string, before bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose, p.before = text, before
}

// Lost is how many connections Lose has ended.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Heal ends Swallow and Refuse. What was under way is lost: its connections end.
func (p *Proxy) Heal() {
	p.swallows.Store(false)
	p.mu.Lock()
	p.refuses = false
	p.mu.Unlock()
	p.Cut()
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.Refuse()
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
	refused := p.refuses
	p.mu.Unlock()
	if refused {
		_, _ = from.Close(), to.Close()
	}
	var both sync.WaitGroup
	var deaf atomic.Bool // what the server answers next is lost, and with it the connection
	both.Go(func() { p.pass(from, to, func(data []byte) bool { return p.says(data, &deaf) }) })
	both.Go(func() { p.pass(to, from, func([]byte) bool { return !deaf.Load() }) })
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
	delete(p.conns, to)
}

// says reports whether what the user says reaches the server.
func (p *Proxy) says(data []byte, deaf *atomic.Bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lose == "" || !bytes.Contains(data, []byte(p.lose)) {
		return true
	}
	p.lose = ""
	p.lost++
	deaf.Store(true)
	return !p.before
}

// pass passes on what comes until one side ends, which ends the other, or until it may not any more.
func (p *Proxy) pass(from io.ReadCloser, to io.WriteCloser, may func([]byte) bool) {
	defer func() { _, _ = from.Close(), to.Close() }()
	data := make([]byte, 32<<10)
	for {
		n, err := from.Read(data)
		if n > 0 && !may(data[:n]) {
			return
		}
		if slow := p.slow.Load(); slow > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(slow))
		}
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
