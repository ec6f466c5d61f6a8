package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

// newMetrics registers what /metrics shows from the first moment on: the proxy's counters and the process's own figures
// (memory, goroutines, descriptors). They are read when asked for, so serving clients costs nothing more.
func newMetrics(server *proxy.Server, more ...prometheus.Collector) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(more...)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, value func() uint64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge(r, "tdeproxy_connections", "Clients connected now.",
		func() float64 { return float64(server.Counts().Current) })
	counter("tdeproxy_connections_accepted_total", "Clients ever accepted.",
		func() uint64 { return server.Counts().Accepted })
	counter("tdeproxy_connections_refused_total", "Clients turned away because max_connections were there.",
		func() uint64 { return server.Counts().Refused })
	counter("tdeproxy_connections_reaped_total", "Sessions ended because one side had vanished or was idle too long.",
		func() uint64 { return server.Counts().Reaped })
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tdeproxy_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	r.MustRegister(info)
	return r
}

// registerOpened adds the certificate and the keyring, once they are open. renewer is nil where the certificate is renewed
// elsewhere.
func registerOpened(r *prometheus.Registry, certs *sslcert.Store, renewer *sslcert.Renewer, ring *rings) {
	gauge(r, "tdeproxy_certificate_not_after_seconds", "When the served certificate ends, in Unix time.",
		func() float64 { return float64(certs.Snapshot().Certificate.Leaf.NotAfter.Unix()) })
	gauge(r, "tdeproxy_certificate_ca_not_after_seconds", "When the CA of the served certificate ends, in Unix time.",
		func() float64 { return float64(certs.Snapshot().Issuer.NotAfter.Unix()) })
	results(r, "tdeproxy_certificate_reloads_total", "How often new certificate files were taken into use (ok) or were not usable (failed).",
		map[string]func() uint64{
			"ok":     func() uint64 { return certs.Status().Reloaded },
			"failed": func() uint64 { return certs.Status().Failed },
		})
	if renewer != nil {
		results(r, "tdeproxy_certificate_renewals_total", "How often the proxy has renewed its certificate (ok) or could not (failed).",
			map[string]func() uint64{
				"ok":     func() uint64 { ok, _ := renewer.Counts(); return ok },
				"failed": func() uint64 { _, failed := renewer.Counts(); return failed },
			})
	}
	gauge(r, "tdeproxy_certificate_files_unusable", "1 while the certificate files are not usable and the proxy serves what it had before.",
		func() float64 { return oneIf(certs.Status().Err != nil) })
	gauge(r, "tdeproxy_certificate_generation", "How many certificates have been served since the start.",
		func() float64 { return float64(certs.Snapshot().Generation) })
	gauge(r, "tdeproxy_certificate_not_before_seconds", "When the served certificate began, in Unix time.",
		func() float64 { return float64(certs.Snapshot().Certificate.Leaf.NotBefore.Unix()) })
	gauge(r, "tdeproxy_keyring_master_key_created_seconds", "When the master key version was made that wraps new table keys, in Unix time.",
		func() float64 {
			versions := ring.get().Versions()
			return float64(versions[len(versions)-1].Created.Unix())
		})
	gauge(r, "tdeproxy_keyring_master_key_version", "The master key version that wraps new table keys.",
		func() float64 { return float64(ring.get().Active()) })
}

func gauge(r *prometheus.Registry, name, help string, value func() float64) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// results registers a counter with a label for each result.
func results(r *prometheus.Registry, name, help string, values map[string]func() uint64) {
	for result, value := range values {
		r.MustRegister(prometheus.NewCounterFunc(
			prometheus.CounterOpts{Name: name, Help: help, ConstLabels: prometheus.Labels{"result": result}},
			func() float64 { return float64(value()) }))
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// fullFetches counts, by table, statements that had to fetch every row. The executor bounds how many tables there are.
type fullFetches struct {
	service *service
	desc    *prometheus.Desc
}

func newFullFetches(s *service) fullFetches {
	return fullFetches{s, prometheus.NewDesc("tdeproxy_full_fetches_total",
		"Statements that had to fetch every row of a table, because no condition could go upstream.", []string{"database", "table"}, nil)}
}

// Describe implements prometheus.Collector.
func (f fullFetches) Describe(out chan<- *prometheus.Desc) { out <- f.desc }

// Collect implements prometheus.Collector.
func (f fullFetches) Collect(out chan<- prometheus.Metric) {
	c := f.service.catalog.Load()
	if c == nil {
		return
	}
	c.FullFetches(func(database, table string, n uint64) {
		out <- prometheus.MustNewConstMetric(f.desc, prometheus.CounterValue, float64(n), database, table)
	})
}
