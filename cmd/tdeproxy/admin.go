package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// admin is the HTTP listener for metrics and health.
type admin struct {
	http  *http.Server
	ready atomic.Bool // whether clients are accepted
}

// startAdmin listens on address and serves until stop; advisor answers everything else. An empty address starts nothing.
func startAdmin(address string, passed net.Listener, metrics prometheus.Gatherer, advisor http.Handler, log *slog.Logger) (*admin, error) {
	a := &admin{}
	if address == "" && passed == nil {
		return a, nil
	}
	listener, err := listen("admin.address", address, passed)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.Handle("/", advisor)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !a.ready.Load() {
			http.Error(w, "not accepting clients", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	a.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10}
	log.Info("admin listening", "address", listener.Addr().String())
	go func() {
		if err := a.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("admin listener ended", "error", err)
		}
	}()
	return a, nil
}

// stop ends the listener; a scrape that is under way has a moment.
func (a *admin) stop() {
	if a.http == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = a.http.Shutdown(ctx)
	_ = a.http.Close()
}
