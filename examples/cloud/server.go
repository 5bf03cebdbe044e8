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
	http  *http.Server
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
	s := &Server{
		Cloud: c,
		url:   "http://" + listener.Addr().String(),
		http:  &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second},
	}
	s.close = sync.OnceValue(s.http.Close)
	go func() { _ = s.http.Serve(listener) }() // ends with Close
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// URL is where the cloud is, for CLOUD_ENDPOINT.
func (s *Server) URL() string { return s.url }

// Close stops listening and breaks the connections that are open, as a crash would. What was answered is on disk.
func (s *Server) Close() error { return s.close() }
