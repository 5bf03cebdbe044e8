package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/driftlessops/driftless/runner"
)

// tellStopping says what is waited for when ctx ends, for which a signal is the reason, and at the next signal, which ends this
// process at once, what goes on without it. done ends that.
func tellStopping(ctx context.Context, logger *slog.Logger, dataDir string) (done func()) {
	again, ended := make(chan os.Signal, 1), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(again)
		if runs := runner.GoingOn(dataDir); len(runs) > 0 {
			logger.Warn("stopping", "waits_for", "applies", "runs", runs, "next", "a second signal ends driftless at once, and leaves them to their supervisors")
		} else {
			logger.Info("stopping", "waits_for", "nothing")
		}
		select {
		case told := <-again:
			logger.Warn("stopped at once", "runs", runner.GoingOn(dataDir), "next", "their applies go on under their supervisors; start driftless again, and how they end is on record")
			signal.Reset()
			_ = syscall.Kill(os.Getpid(), told.(syscall.Signal))
		case <-ended:
		}
	})
	return func() {
		stop()
		close(ended)
	}
}
