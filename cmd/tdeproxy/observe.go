package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/audit"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

// openObservers opens the audit log and the way to the trace collector, where the configuration has them.
func (s *service) openObservers(ctx context.Context) (err error) {
	if path := s.cfg.Audit.File; path != "" {
		if s.audit, err = audit.Open(path); err != nil {
			return fmt.Errorf("audit.file: %w", err)
		}
		s.logAuditEnd("audit log opened")
	}
	if s.tracer, err = openTracer(ctx, s.cfg.Trace, s.log); err != nil {
		return fmt.Errorf("[trace]: %w", err)
	}
	return nil
}

// closeObservers sends what is left to send and closes the audit log, after the last session.
func (s *service) closeObservers() {
	if s.tracer != nil {
		s.tracer.close()
	}
	if s.audit != nil {
		s.logAuditEnd("audit log closed")
		if err := s.audit.Close(); err != nil {
			s.log.Error("closing the audit log", "error", err)
		}
	}
}

// observer is what sessions report to.
func (s *service) observer(mariaDB bool) exec.Observer {
	var o exec.Observer
	if s.audit != nil {
		w := &auditor{log: s.log, file: s.audit, alertOnly: s.cfg.Audit.OnError == "alert"}
		o.Audit = w.write
	}
	tracer, log := s.tracer, s.log
	if tracer == nil {
		o.Wants = func() bool { return log.Enabled(context.Background(), slog.LevelDebug) }
	}
	o.Done = func(st *exec.Statement) {
		if tracer != nil {
			tracer.statement(st, mariaDB)
		}
		logStatement(log, st)
	}
	return o
}

// logStatement logs a statement's shape, at level debug.
func logStatement(log *slog.Logger, st *exec.Statement) {
	if !log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.Uint64("connection", uint64(st.Connection)), slog.String("plan", st.Kind.String()), slog.Duration("took", st.Took),
		slog.Duration("upstream", st.Upstream), slog.String("template", st.Template),
	}
	if st.Code != 0 {
		attrs = append(attrs, slog.Uint64("code", uint64(st.Code)), slog.String("refused", st.Reason))
	}
	log.LogAttrs(context.Background(), slog.LevelDebug, "statement", attrs...)
}

// auditor writes the audit log, and says in the other log when it cannot.
type auditor struct {
	log       *slog.Logger
	file      *audit.Log
	alertOnly bool
	said      atomic.Int64 // when it was last said, in Unix seconds
}

// reopenAudit goes on in the file that is at the audit log's path now.
func (s *service) reopenAudit() {
	if s.audit == nil {
		return
	}
	if err := s.audit.Reopen(); err != nil {
		s.log.Error("the audit log was not opened anew; the old file stays in use", "error", err)
		return
	}
	s.logAuditEnd("audit log opened anew")
}

// logAuditEnd says in the other log which record was the last, so that who keeps that elsewhere can tell whether it still is there.
func (s *service) logAuditEnd(what string) {
	last, gap := s.audit.Last()
	if gap != "" {
		s.log.Error("the audit log is not as it was written: see tdeproxy audit verify", "problem", gap)
	}
	s.log.Info(what, "records", last.Seq, "last_hash", last.Hash)
}

// auditSilence is how long a failure that goes on is not logged again.
const auditSilence = int64(time.Minute / time.Second)

func (a *auditor) write(r *audit.Record) error {
	err := a.file.Write(r)
	if err == nil {
		if a.said.Swap(0) != 0 {
			a.log.Warn("the audit log can be written again")
		}
		return nil
	}
	now := time.Now().Unix()
	if last := a.said.Load(); now-last >= auditSilence && a.said.CompareAndSwap(last, now) {
		a.log.Error("the audit log cannot be written", "error", err, "statements_run", a.alertOnly)
	}
	if a.alertOnly {
		return nil
	}
	return err
}
