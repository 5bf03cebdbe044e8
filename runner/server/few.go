package server

import (
	"net"
	"sync"
)

// maxConnections is how many connections are open at once. Whoever fills them has to come again within seconds: a request that
// does not go on, and a connection without one, are given up.
const maxConnections = 256

// Few is a listener that hangs up on those who come while it has all the connections it can have.
func Few(l net.Listener) net.Listener { return &few{l, make(chan struct{}, maxConnections)} }

type few struct {
	net.Listener
	open chan struct{} // one per connection
}

// Accept implements net.Listener.
func (f *few) Accept() (net.Conn, error) {
	for {
		conn, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case f.open <- struct{}{}:
			return &counted{conn, sync.OnceFunc(func() { <-f.open })}, nil
		default:
			_ = conn.Close()
		}
	}
}

// counted is a connection that gives its place back.
type counted struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
