package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

// tracer sends a span for each statement and one for each of its steps to an OpenTelemetry collector. Spans are made when
// the statement is over, from its times: nothing is sent on a statement's way.
type tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// Limits of what a collector that is slow or gone can hold up or take.
const (
	traceTimeout  = 5 * time.Second
	maxAttributes = 4096 // bytes of one attribute
)

// openTracer prepares the way to the collector; nil where neither file nor environment names one.
func openTracer(ctx context.Context, cfg config.Trace, log *slog.Logger) (*tracer, error) {
	var options []otlptracehttp.Option
	switch {
	case cfg.Endpoint != "":
		u, err := url.Parse(cfg.Endpoint)
		if err != nil {
			return nil, fmt.Errorf("trace.endpoint: %w", err)
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = "/v1/traces"
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.String()))
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, err
	}
	return newTracer(ctx, sdktrace.WithBatcher(&complaining{exporter, log}))
}

func newTracer(ctx context.Context, processor sdktrace.TracerProviderOption) (*tracer, error) {
	limits := sdktrace.NewSpanLimits()
	limits.AttributeValueLengthLimit = maxAttributes
	res, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "tdeproxy"), attribute.String("service.version", version)),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(processor, sdktrace.WithResource(res), sdktrace.WithRawSpanLimits(limits))
	return &tracer{provider: provider, tracer: provider.Tracer("github.com/tdeproxy/tdeproxy")}, nil
}

// complaining logs why spans could not be sent, which the SDK would print elsewhere. They are lost.
type complaining struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans implements sdktrace.SpanExporter.
func (c *complaining) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := c.SpanExporter.ExportSpans(ctx, spans); err != nil {
		c.log.Warn("traces not sent", "spans", len(spans), "error", err)
	}
	return nil
}

// statement sends a statement. The names of attributes are those of OpenTelemetry's conventions for databases; the
// template has ? for every literal.
func (t *tracer) statement(st *exec.Statement, mariaDB bool) {
	system := "mysql"
	if mariaDB {
		system = "mariadb"
	}
	verb := st.Verb()
	name := verb
	if name == "" {
		name = st.Kind.String()
	}
	ctx, span := t.tracer.Start(context.Background(), name, trace.WithTimestamp(st.Begun), trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(
		attribute.String("db.system.name", system), attribute.String("db.namespace", st.Database),
		attribute.String("db.query.text", st.Template), attribute.String("db.operation.name", verb),
		attribute.String("tdeproxy.plan", st.Kind.String()), attribute.Bool("tdeproxy.prepared", st.Binary),
		attribute.Int64("tdeproxy.connection", int64(st.Connection)), attribute.String("enduser.id", st.User),
		attribute.Float64("tdeproxy.upstream_seconds", st.Upstream.Seconds()),
		attribute.Int64("tdeproxy.rows.fetched", int64(st.Fetched)), attribute.Int64("tdeproxy.rows.loaded", int64(st.Loaded)),
	)
	if st.Code != 0 {
		span.SetAttributes(attribute.String("db.response.status_code", fmt.Sprint(st.Code)))
		span.SetStatus(codes.Error, "")
	}
	if st.Reason != "" {
		span.SetAttributes(attribute.String("tdeproxy.refused", st.Reason))
	}
	for i := range st.Steps {
		s := &st.Steps[i]
		kind := trace.SpanKindClient
		_, child := t.tracer.Start(ctx, s.Name, trace.WithTimestamp(s.Begun), trace.WithSpanKind(kind))
		child.SetAttributes(
			attribute.String("db.system.name", system), attribute.String("db.query.text", s.Shape), attribute.Int64("db.response.returned_rows", int64(s.Rows)))
		child.End(trace.WithTimestamp(s.Ended))
	}
	span.End(trace.WithTimestamp(st.Begun.Add(st.Took)))
}

// close sends what is left.
func (t *tracer) close() {
	ctx, cancel := context.WithTimeout(context.Background(), traceTimeout)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // what could not be sent has been logged
}
