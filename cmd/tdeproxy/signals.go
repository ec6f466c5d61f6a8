package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// untilSignal does a part of the start, which SIGTERM or SIGINT ends in order: stopped is true then and err nil. SIGHUP
// has nothing to reload yet.
func untilSignal(ctx context.Context, signals <-chan os.Signal, work func(context.Context) error) (stopped bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case sig := <-signals:
				if sig != syscall.SIGHUP {
					stopped = true
					cancel()
					return
				}
			}
		}
	}()
	err = work(ctx)
	cancel()
	<-done
	if stopped {
		return true, nil
	}
	return false, err
}

// interruptible makes a verb's work end in order at SIGINT and SIGTERM, and the program at a second one.
func interruptible[A any](work func(*cobra.Command, A) error) func(*cobra.Command, A) error {
	return func(cmd *cobra.Command, a A) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop)
		cmd.SetContext(ctx)
		return work(cmd, a)
	}
}
