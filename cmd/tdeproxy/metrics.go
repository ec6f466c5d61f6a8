package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// newMetrics registers what /metrics shows: the proxy's counters, its certificate and keyring, and the process's own
// figures (memory, goroutines, descriptors). They are read when asked for, so serving clients costs nothing more.
func newMetrics(server *proxy.Server, certs *sslcert.Store, ring *keyring.Ring) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() uint64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge("tdeproxy_connections", "Clients connected now.",
		func() float64 { return float64(server.Counts().Current) })
	counter("tdeproxy_connections_accepted_total", "Clients ever accepted.",
		func() uint64 { return server.Counts().Accepted })
	counter("tdeproxy_connections_refused_total", "Clients turned away because max_connections were there.",
		func() uint64 { return server.Counts().Refused })
	counter("tdeproxy_connections_reaped_total", "Sessions ended because one side had vanished or was idle too long.",
		func() uint64 { return server.Counts().Reaped })
	gauge("tdeproxy_certificate_not_after_seconds", "When the served certificate ends, in Unix time.",
		func() float64 { return float64(certs.Snapshot().Certificate.Leaf.NotAfter.Unix()) })
	gauge("tdeproxy_certificate_generation", "How many certificates have been served since the start.",
		func() float64 { return float64(certs.Snapshot().Generation) })
	gauge("tdeproxy_keyring_master_key_version", "The master key version that wraps new table keys.",
		func() float64 { return float64(ring.Active()) })
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tdeproxy_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	r.MustRegister(info)
	return r
}
