package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/driftlessops/driftless/runner/server"
)

// stopTime is how long requests that are under way may take when driftless ends.
const stopTime = 5 * time.Second

// listen answers webhooks and metrics on the address of the http block, until stop. Without the block nothing listens.
func (d *Daemon) listen() (address net.Addr, stop func(), err error) {
	address, stop, err = d.answer(server.PublicOptions{
		Hooks: d.hooks, Metrics: d.metrics.Handler(), Unready: d.unready, Delivered: d.metrics.Delivered,
	})
	if err == nil && address != nil {
		d.opts.Logger.Info("listening", "address", address.String(), "webhooks", len(d.hooks))
	}
	return address, stop, err
}

// unready says what keeps driftless from its work.
func (d *Daemon) unready(ctx context.Context) []string {
	why := d.Runner.Unready(ctx)
	if d.damaged() {
		why = append(why, "the database is damaged: the log says what to do")
	}
	return why
}

// listenClosed answers on the same address while the database is not open yet: this process is there, and not ready.
func (d *Daemon) listenClosed() (stop func()) {
	_, stop, err := d.answer(server.PublicOptions{Unready: func(context.Context) []string { return []string{"the database is not open yet"} }})
	if err != nil {
		return func() {} // whoever needs the address says so
	}
	return stop
}

// answer answers on the address of the http block until stop.
func (d *Daemon) answer(opts server.PublicOptions) (address net.Addr, stop func(), err error) {
	conf := d.opts.Config.HTTP
	if conf == nil || conf.Listen == "" {
		return nil, func() {}, nil
	}
	listener, err := net.Listen("tcp", conf.Listen)
	if err != nil {
		return nil, nil, fmt.Errorf("http { listen = %q }: %w: %s", conf.Listen, err, remedy(err))
	}
	opts.Logger = d.opts.Logger
	srv := server.NewPublic(opts).Server()
	go func() {
		if err := srv.Serve(server.Few(listener)); !errors.Is(err, http.ErrServerClosed) {
			d.opts.Logger.Error("webhooks and metrics are not answered any more", "address", listener.Addr().String(), "error", err)
		}
	}()
	return listener.Addr(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
	}, nil
}

// remedy is what to do about an address that cannot be listened on.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "stop what listens there, or choose another port"
	case errors.Is(err, syscall.EACCES):
		return "choose a port above 1023 and let the reverse proxy listen on this one"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "choose an address of this machine, such as 127.0.0.1, or leave the host out for all of them"
	}
	return `write "HOST:PORT" with an address of this machine, such as "127.0.0.1:8080"`
}
