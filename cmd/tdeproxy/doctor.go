package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

func doctorCommand() *cobra.Command {
	return verb("doctor -c FILE", "Check everything that the proxy needs, and say what to do",
		`Doctor checks the configuration, limits of the process, certificates, the keyring and its KMS, upstream with the account's
privileges, its settings and clock, and the physical form of encrypted tables against their metadata. It changes nothing. Each
check is a line; one that fails, or that will hurt later, says what to do. Exit code 1 means that something fails.`,
		interruptible(func(cmd *cobra.Command, cfg *config.Config) error {
			d := &doctor{out: cmd.OutOrStdout(), cfg: cfg, log: slog.New(slog.DiscardHandler)}
			d.examine(cmd.Context())
			fmt.Fprintf(d.out, "\n%s, %s, %s\n", counted(d.checks, "check"), counted(d.warnings, "warning"), counted(d.failures, "failure"))
			if d.failures > 0 {
				return fmt.Errorf("%d of %d checks fail", d.failures, d.checks)
			}
			return nil
		}))
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// doctor examines a configuration and what it names.
type doctor struct {
	out io.Writer
	cfg *config.Config
	log *slog.Logger

	checks, warnings, failures int
}

func (d *doctor) ok(what, format string, args ...any) {
	d.checks++
	fmt.Fprintf(d.out, "ok    %-12s %s\n", what, fmt.Sprintf(format, args...))
}

func (d *doctor) warn(what, problem, remedy string) {
	d.checks++
	d.warnings++
	fmt.Fprintf(d.out, "warn  %-12s %s\n      %-12s → %s\n", what, problem, "", remedy)
}

func (d *doctor) fail(what, problem, remedy string) {
	d.checks++
	d.failures++
	fmt.Fprintf(d.out, "FAIL  %-12s %s\n      %-12s → %s\n", what, problem, "", remedy)
}

func (d *doctor) examine(ctx context.Context) {
	d.ok("config", "the file is read and holds together")
	d.process()
	d.certificates()
	ring := d.keyring(ctx)
	if ring != nil {
		defer ring.Destroy()
	}
	d.files()
	d.server(ctx, ring)
}

// process checks limits.
func (d *doctor) process() {
	if why := keyring.Swappable(); why != "" {
		d.warn("memory", why, "LimitMEMLOCK=infinity in the systemd unit, or ulimit -l unlimited")
	} else {
		d.ok("memory", "keys are locked in memory")
	}
	var limit syscall.Rlimit
	need := uint64(descriptorsSession*d.cfg.Listen.MaxConnections + descriptorsSpare)
	switch err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); {
	case err != nil:
		d.warn("files", err.Error(), "ulimit -n")
	case limit.Max < need:
		d.warn("files", fmt.Sprintf("at most %d open files, %d are needed for listen.max_connections", limit.Max, need), "LimitNOFILE in the systemd unit, or fewer connections")
	default:
		d.ok("files", "%d open files are possible", limit.Max)
	}
}

func (d *doctor) certificates() {
	store, err := openCertificates(d.cfg)
	if err != nil {
		d.fail("certificate", oneLine(err), "tdeproxy init makes what is missing; docs/certificates.md")
		return
	}
	leaf := store.Snapshot().Certificate.Leaf
	switch left := time.Until(leaf.NotAfter); {
	case left < certificateLeft:
		d.warn("certificate", fmt.Sprintf("ends %s", leaf.NotAfter.UTC().Format(time.DateOnly)), "tdeproxy cert renew, or new files from where it comes from")
	default:
		d.ok("certificate", "valid until %s, %s", leaf.NotAfter.UTC().Format(time.DateOnly), keyKind(leaf))
	}
	if ca := store.Snapshot().Issuer; time.Until(ca.NotAfter) < 180*24*time.Hour {
		d.warn("CA", fmt.Sprintf("ends %s", ca.NotAfter.UTC().Format(time.DateOnly)), "tdeproxy cert rotate, in three steps; docs/certificates.md")
	}
}

// keyring opens the keyring by its KMS, as a start does.
func (d *doctor) keyring(ctx context.Context) *keyring.Ring {
	if there, err := exists(d.cfg.Keyring.File); err == nil && !there {
		d.fail("keyring", "there is no "+d.cfg.Keyring.File, "restore it from a backup; tdeproxy init makes a new one, which opens no table of an old one")
		return nil
	}
	k := d.cfg.Keyring
	k.KMSTimeout = min(k.KMSTimeout, 10*time.Second)
	probe := *d.cfg
	probe.Keyring = k
	ring, err := openRing(ctx, &probe, d.log)
	if err != nil {
		d.fail("keyring", oneLine(err), "docs/kms.md; a running proxy goes on, the next start fails")
		return nil
	}
	versions := ring.Versions()
	newest := versions[len(versions)-1]
	d.ok("keyring", "%s opens, master key version %d of %s", ring.ID(), newest.Number, newest.Created.UTC().Format(time.DateOnly))
	if time.Since(newest.Created) > 366*24*time.Hour {
		d.warn("master key", fmt.Sprintf("version %d is older than a year", newest.Number), "tdeproxy keyring rotate")
	}
	for _, path := range []string{d.cfg.Keyring.File, mustCut(cmkFile(d.cfg.Keyring))} {
		if info, err := os.Stat(path); path != "" && err == nil && info.Mode().Perm()&0o077 != 0 {
			d.warn("keyring", fmt.Sprintf("others may read %s (mode %04o)", path, info.Mode().Perm()), "chmod 600 on it")
		}
	}
	return ring
}

func mustCut(path string, ok bool) string {
	if !ok {
		return ""
	}
	return path
}

// files checks where the audit log and the evaluator's files go.
func (d *doctor) files() {
	if path := d.cfg.Audit.File; path != "" {
		if f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err == nil {
			f.Close()
			d.ok("audit log", "%s can be appended to", path)
		} else if !errors.Is(err, os.ErrNotExist) {
			d.fail("audit log", err.Error(), "statements on protected tables are refused while it cannot be written")
		}
	}
	const tmpfs, ramfs = 0x01021994, 0x858458f6
	var fs syscall.Statfs_t
	dir := d.cfg.Evaluator.Dir
	for dir != "/" && syscall.Statfs(dir, &fs) != nil {
		dir = dir[:max(1, lastSlash(dir))]
	}
	switch {
	case d.cfg.Evaluator.Server == "off" || d.cfg.Evaluator.Socket != "":
	case syscall.Statfs(dir, &fs) != nil || fs.Type != tmpfs && fs.Type != ramfs:
		d.fail("evaluator", d.cfg.Evaluator.Dir+" is not on a memory file system: plaintext could reach a disk", "evaluator.dir on a tmpfs, such as /dev/shm/tdeproxy")
	default:
		d.ok("evaluator", "%s is in memory, %s are free", d.cfg.Evaluator.Dir, size(fs.Bavail*uint64(fs.Bsize)))
		if fs.Bavail*uint64(fs.Bsize) < uint64(d.cfg.Evaluator.Memory) {
			d.warn("evaluator", "there is less room than evaluator.memory", "a larger tmpfs, or less memory")
		}
	}
}

func lastSlash(path string) int {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' {
			return i
		}
	}
	return 1
}

// server checks upstream, and with the keyring its tables.
func (d *doctor) server(ctx context.Context, ring *keyring.Ring) {
	u := d.cfg.Upstream
	dialer, err := upstream.NewDialer(upstream.Config{
		Address: u.Address, TLS: upstream.TLS{Mode: upstream.Mode(u.TLS), CA: u.CA, Cert: u.Cert, Key: u.Key}, Timeout: u.ConnectTimeout,
	})
	if err != nil {
		d.fail("upstream", oneLine(err), "[upstream] in the configuration")
		return
	}
	admin := upstream.NewAdmin(dialer, u.User, string(u.Password))
	defer admin.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	x := &examiner{doctor: d, admin: admin}
	f, ok := x.version(ctx)
	if !ok {
		return
	}
	x.evaluator(ctx, f)
	x.settings(ctx, f)
	x.clock(ctx)
	x.privileges(ctx)
	if ring == nil {
		return
	}
	catalog, err := exec.NewCatalog(ctx, exec.Config{Ring: ring, Upstream: admin, Rules: rules(d.cfg), MariaDB: f.mariaDB, Version: f.number, Log: d.log, Beside: true})
	if err != nil {
		d.fail("tables", oneLine(err), "the account needs SELECT on the databases that hold encrypted tables")
		return
	}
	defer catalog.Close()
	x.tables(ctx, catalog)
}
