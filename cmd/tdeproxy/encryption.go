package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/schema"
	"github.com/tdeproxy/tdeproxy/tde/spill"
)

// encryption is the part of a service that knows which tables are encrypted.
type encryption struct {
	catalog   *exec.Catalog
	evaluator *evaluator.Evaluator // nil where it is off
	// stop ends the wrapping of table keys, and waits for it.
	stop func()
}

// flavour is what upstream is.
type flavour struct {
	mariaDB bool
	version string
	number  int // as in executable comments: 101119, 90704
	// lowerCase is lower_case_table_names.
	lowerCase int
}

// openEncryption reads upstream's schema and starts the evaluator.
func (s *service) openEncryption(ctx context.Context, admin *upstream.Admin) (*encryption, error) {
	f, err := s.awaitUpstream(ctx, admin)
	if err != nil {
		return nil, err
	}
	e := &encryption{}
	encrypted, err := exec.HasEncrypted(ctx, admin)
	if err != nil {
		return nil, err
	}
	if encrypted || len(s.cfg.Encrypt) > 0 {
		if err := s.startEvaluator(ctx, e, f); err != nil {
			return nil, err
		}
	}
	e.catalog, err = exec.NewCatalog(ctx, exec.Config{
		Ring: s.ring.get(), Keys: s.keys(), Evaluator: e.evaluator, Upstream: admin, Rules: rules(s.cfg), MariaDB: f.mariaDB, Version: f.number, Log: s.log,
		Observer: s.observer(f.mariaDB), Spill: s.spill(),
	})
	if err != nil {
		e.close()
		return nil, err
	}
	plain, err := e.catalog.Plaintext(ctx)
	if err != nil {
		e.close()
		return nil, err
	}
	if len(plain) > 0 {
		s.log.Warn("tables that [[encrypt]] designates are stored as plaintext: they were there before; statements on them pass as they are",
			"count", len(plain), "tables", plain[:min(len(plain), 50)])
	}
	s.log.Info("schema read", "upstream", f.version, "encrypted_tables", e.catalog.State().Snapshot.Len())
	return e, nil
}

// spill is where statements sort what is more than memory is to hold, or nil.
func (s *service) spill() *spill.Dir {
	e := s.cfg.Evaluator
	if e.MaxTmpSpace == 0 {
		return nil
	}
	return spill.NewDir(e.Tmpdir, e.MaxTmpSpace)
}

// startEvaluator starts the private server, unless it is off.
func (s *service) startEvaluator(ctx context.Context, e *encryption, f flavour) (err error) {
	c := s.cfg.Evaluator
	if c.Server == "off" && c.Socket == "" {
		return nil
	}
	e.evaluator, err = evaluator.Start(ctx, evaluator.Config{
		Server: c.Server, Socket: c.Socket, User: c.User, Password: string(c.Password), Dir: c.Dir, Memory: c.Memory, MariaDB: f.mariaDB, Version: f.version,
		LowerCaseTableNames: f.lowerCase, MaxPacket: s.cfg.Listen.MaxAllowedPacket, Logger: s.log,
	})
	if err != nil {
		return fmt.Errorf("[evaluator]: %w", err)
	}
	return nil
}

// rewrap begins to have the active master key version wrap table keys that an older one wraps still. Tables open meanwhile as
// before.
func (e *encryption) rewrap(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	e.stop = func() {
		cancel()
		<-done
	}
	go func() {
		defer close(done)
		if err := e.catalog.Rewrap(ctx); err != nil && ctx.Err() == nil {
			log.Warn("table keys stay wrapped by an older master key version, and open; the next start or ALTER INSTANCE ROTATE INNODB MASTER KEY tries again", "error", err)
		}
	}()
}

func (e *encryption) close() {
	if e.stop != nil {
		e.stop()
	}
	if e.catalog != nil {
		e.catalog.Close()
	}
	if e.evaluator != nil {
		_ = e.evaluator.Close() // the process ends; its directory is memory
	}
}

// upstreamWait is how long a start waits between two tries to reach upstream.
const upstreamWait = 2 * time.Second

// awaitUpstream asks upstream what it is, and again until it answers. An answer that is an error ends the start: waiting
// does not cure a wrong password.
func (s *service) awaitUpstream(ctx context.Context, admin *upstream.Admin) (flavour, error) {
	for {
		r, err := admin.Query(ctx, "SELECT VERSION(), @@lower_case_table_names")
		var refused *wire.Error
		switch {
		case err == nil:
			v, err := r.GetString(0, 0)
			if err != nil {
				return flavour{}, fmt.Errorf("reading upstream's version: %w", err)
			}
			f := newFlavour(v)
			n, err := r.GetInt(0, 1)
			f.lowerCase = int(n)
			return f, err
		case errors.As(err, &refused) || errors.Is(err, upstream.ErrNoTLS) || ctx.Err() != nil:
			return flavour{}, fmt.Errorf("upstream.user %q at %s: %w", s.cfg.Upstream.User, s.cfg.Upstream.Address, err)
		}
		s.log.Warn("waiting for upstream", "address", s.cfg.Upstream.Address, "error", err)
		select {
		case <-ctx.Done():
			return flavour{}, ctx.Err()
		case <-time.After(upstreamWait):
		}
	}
}

// newFlavour reads a server's VERSION().
func newFlavour(version string) flavour {
	f := flavour{version: version, mariaDB: strings.Contains(version, "MariaDB")}
	numbers := strings.SplitN(strings.SplitN(version, "-", 2)[0], ".", 3)
	for len(numbers) < 3 {
		numbers = append(numbers, "0")
	}
	for _, n := range numbers {
		i, _ := strconv.Atoi(n) // what is no number counts as 0: an executable comment for a later version is left out
		f.number = f.number*100 + i
	}
	return f
}

// rules are the configuration's rules as the planner takes them.
func rules(cfg *config.Config) *schema.Rules {
	var rs []schema.Rule
	for _, e := range cfg.Encrypt {
		rs = append(rs, schema.Rule{Database: e.Database, Tables: e.Tables})
	}
	var cs []schema.ColumnIndex
	for _, c := range cfg.Column {
		parts := strings.SplitN(c.Name, ".", 3)
		if len(parts) == 3 {
			cs = append(cs, schema.ColumnIndex{Database: parts[0], Table: parts[1], Column: parts[2], Index: c.Index})
		}
	}
	return schema.NewRules(rs, cs)
}
