package cloud

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is a cloud that listens. Close it, or cancel the context it was started with.
type Server struct {
	*Cloud
	url   string
	close func() error
}

// Start opens a cloud and serves it on Options.Addr until ctx is done or Close is called.
func Start(ctx context.Context, o Options) (*Server, error) {
	c, err := New(o)
	if err != nil {
		return nil, err
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("start cloud: %w", err)
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h := &http.Server{
		Handler:           c,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	s := &Server{Cloud: c, url: "http://" + listener.Addr().String()}
	s.close = sync.OnceValue(func() error {
		cancel()
		grace, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = h.Shutdown(grace) // waits for what is being written; connections that nobody uses do not matter
		return h.Close()
	})
	go func() { _ = h.Serve(listener) }() // ends with Close
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// URL is where the cloud is, for CLOUD_ENDPOINT.
func (s *Server) URL() string { return s.url }

// Close stops listening. Requests that are waiting get no answer, as in a crash; what was answered is on disk.
func (s *Server) Close() error { return s.close() }
