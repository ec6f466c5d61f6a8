package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/tally"
)

// statements collects what sessions, the evaluator and the audit log count. Before upstream's schema has been read there
// is nothing to collect.
type statements struct {
	service *service

	count, errors, whole, upstream, own, refusals *prometheus.Desc
	sealed, opened, residual, plans, cached       *prometheus.Desc
	tables, locked, conversion                    *prometheus.Desc
	evaluatorUp, restarts, rows, memory           *prometheus.Desc
	auditRecords, auditFailures, auditFailing     *prometheus.Desc
}

func newStatements(s *service) *statements {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tdeproxy_"+name, help, labels, nil)
	}
	return &statements{
		service:       s,
		count:         desc("statements_total", "Statements, and texts of several that touch nothing encrypted, by what became of them.", "plan"),
		errors:        desc("statement_errors_total", "Statements that were answered with an error, by what became of them.", "plan"),
		whole:         desc("statement_seconds", "From a command to the end of its answer.", "plan"),
		upstream:      desc("statement_upstream_seconds", "How much of that was waiting for upstream.", "plan"),
		own:           desc("statement_proxy_seconds", "The rest of it: the proxy's work, the evaluator's, and clients that read slowly.", "plan"),
		refusals:      desc("refusals_total", "Statements that the proxy refused, by reason.", "reason"),
		sealed:        desc("cells_sealed_total", "Cells that were sealed."),
		opened:        desc("cells_opened_total", "Cells that were opened."),
		residual:      desc("residual_rows_total", "Rows that were fetched for the evaluator, and those of them that it was given.", "stage"),
		plans:         desc("plan_cache_lookups_total", "Look-ups in the plan cache.", "result"),
		cached:        desc("plan_cache_plans", "Plans in the cache."),
		tables:        desc("encrypted_tables", "Encrypted tables that are known."),
		locked:        desc("locked_tables", "Encrypted tables whose key or metadata does not open, so that statements on them are refused."),
		conversion:    desc("conversion_rows", "While a table is encrypted or decrypted: its rows that are written, and about how many it has.", "database", "table", "stage"),
		evaluatorUp:   desc("evaluator_up", "1 while the evaluator's server answers."),
		restarts:      desc("evaluator_restarts_total", "How often the evaluator's server died and was started again."),
		rows:          desc("evaluator_rows_bytes", "Bytes of rows that the evaluator holds for running statements."),
		memory:        desc("evaluator_memory_bytes", "What bounds them: evaluator.memory."),
		auditRecords:  desc("audit_records_total", "Records written to the audit log."),
		auditFailures: desc("audit_failures_total", "Records that could not be written."),
		auditFailing:  desc("audit_failing", "1 while the audit log cannot be written."),
	}
}

// Describe implements prometheus.Collector.
func (s *statements) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		s.count, s.errors, s.whole, s.upstream, s.own, s.refusals, s.sealed, s.opened, s.residual, s.plans, s.cached, s.tables, s.locked, s.conversion,
		s.evaluatorUp, s.restarts, s.rows, s.memory, s.auditRecords, s.auditFailures, s.auditFailing,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *statements) Collect(out chan<- prometheus.Metric) {
	add := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	if log := s.service.audit; log != nil {
		written, failures, failing := log.Status()
		add(s.auditRecords, prometheus.CounterValue, float64(written))
		add(s.auditFailures, prometheus.CounterValue, float64(failures))
		add(s.auditFailing, prometheus.GaugeValue, oneIf(failing))
	}
	c := s.service.catalog.Load()
	if c == nil {
		return
	}
	f := c.Figures()
	s.collectKinds(out, f)
	f.Refusals.Each(func(reason string, n uint64) { add(s.refusals, prometheus.CounterValue, float64(n), reason) })
	add(s.sealed, prometheus.CounterValue, float64(f.Sealed.Load()))
	add(s.opened, prometheus.CounterValue, float64(f.Opened.Load()))
	add(s.residual, prometheus.CounterValue, float64(f.Fetched.Load()), "fetched")
	add(s.residual, prometheus.CounterValue, float64(f.Loaded.Load()), "loaded")
	add(s.plans, prometheus.CounterValue, float64(f.PlanHits.Load()), "hit")
	add(s.plans, prometheus.CounterValue, float64(f.PlanMisses.Load()), "miss")
	add(s.cached, prometheus.GaugeValue, float64(c.Plans()))
	tables, locked := c.Count()
	add(s.tables, prometheus.GaugeValue, float64(tables))
	add(s.locked, prometheus.GaugeValue, float64(locked))
	if m := c.Converting(); m != nil {
		add(s.conversion, prometheus.GaugeValue, float64(m.Rows.Load()), m.DB, m.Name, "done")
		add(s.conversion, prometheus.GaugeValue, float64(m.Of.Load()), m.DB, m.Name, "all")
	}
	if e, ok := c.EvaluatorStatus(); ok {
		s.collectEvaluator(add, e)
	}
}

func (s *statements) collectKinds(out chan<- prometheus.Metric, f *exec.Figures) {
	for kind := range exec.Kinds {
		k, label := &f.Kinds[kind], kind.String()
		whole := k.Whole.Read()
		out <- prometheus.MustNewConstMetric(s.count, prometheus.CounterValue, float64(whole.Count), label)
		out <- prometheus.MustNewConstMetric(s.errors, prometheus.CounterValue, float64(k.Failed.Load()), label)
		out <- histogram(s.whole, whole, label)
		out <- histogram(s.upstream, k.Upstream.Read(), label)
		out <- histogram(s.own, k.Own.Read(), label)
	}
}

func (s *statements) collectEvaluator(add func(*prometheus.Desc, prometheus.ValueType, float64, ...string), e evaluator.Status) {
	add(s.evaluatorUp, prometheus.GaugeValue, oneIf(e.Up))
	add(s.restarts, prometheus.CounterValue, float64(e.Restarts))
	add(s.rows, prometheus.GaugeValue, float64(e.Rows))
	add(s.memory, prometheus.GaugeValue, float64(e.Memory))
}

// histogram is a tally as Prometheus has it, in seconds.
func histogram(desc *prometheus.Desc, d tally.Durations, labels ...string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(d.Upto))
	for i, bound := range tally.Bounds() {
		buckets[bound.Seconds()] = d.Upto[i]
	}
	return prometheus.MustNewConstHistogram(desc, d.Count, d.Sum.Round(time.Nanosecond).Seconds(), buckets, labels...)
}
