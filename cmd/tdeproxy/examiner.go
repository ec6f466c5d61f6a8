package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tdeproxy/tdeproxy/proxy/upstream"
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

// examiner is the doctor with upstream in front of it.
type examiner struct {
	*doctor
	admin *upstream.Admin
}

// row asks upstream for one row of text.
func (x *examiner) row(ctx context.Context, query string) ([]string, error) {
	r, err := x.admin.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range r.RowNumber() {
		for j := range r.ColumnNumber() {
			v, err := r.GetString(i, j)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// Oldest releases that are tested against.
const (
	oldestMariaDB = 101100
	oldestMySQL   = 80000
)

func (x *examiner) version(ctx context.Context) (flavour, bool) {
	r, err := x.row(ctx, "SELECT VERSION()")
	if err != nil || len(r) != 1 {
		x.unreachable(err)
		return flavour{}, false
	}
	f := newFlavour(r[0])
	oldest, name := oldestMySQL, "MySQL 8.0"
	if f.mariaDB {
		oldest, name = oldestMariaDB, "MariaDB 10.11"
	}
	if f.number < oldest {
		x.fail("upstream", f.version+" is older than "+name, "a newer server: encrypted tables need invisible columns and enforced checks")
		return f, true
	}
	x.ok("upstream", "%s", f.version)
	return f, true
}

// accessDenied is MySQL's error of a login that is not one.
const accessDenied = 1045

// unreachable says why upstream cannot be asked, and what is the matter most likely.
func (x *examiner) unreachable(err error) {
	u := x.cfg.Upstream
	remedy := "upstream.address and upstream.tls, and what the server's own log says"
	var refused *wire.Error
	switch {
	case errors.As(err, &refused) && refused.Code == accessDenied:
		remedy = "correct upstream.user and upstream.password, or make the account there, for the host that the message names: docs/runbooks.md, Install"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		remedy = "start the server, or correct upstream.address: nothing listens there"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		remedy = "nothing answers at upstream.address: look at the address, the network and firewalls"
	}
	x.fail("upstream", fmt.Sprintf("%s as %q: %v", u.Address, u.User, err), remedy)
}

// evaluator looks for the server that computes what needs plaintext.
func (x *examiner) evaluator(ctx context.Context, f flavour) {
	e := x.cfg.Evaluator
	if e.Socket != "" {
		return
	}
	if e.Server == "off" {
		x.warn("evaluator", "it is off: what upstream cannot compute is refused, and so is CREATE TABLE", `evaluator.server = "auto", with a server of upstream's make and release installed`)
		return
	}
	path, err := evaluator.Locate(ctx, e.Server, f.mariaDB)
	if err != nil {
		x.fail("evaluator", "no server for it", oneLine(err))
		return
	}
	x.ok("evaluator", "%s", path)
}

// settings checks what of the server's configuration matters.
func (x *examiner) settings(ctx context.Context, f flavour) {
	r, err := x.row(ctx, "SELECT @@global.log_bin, @@global.binlog_format, @@global.max_allowed_packet, @@global.max_connections, @@global.sql_mode")
	if err != nil {
		x.fail("settings", oneLine(err), "upstream must tell its variables")
		return
	}
	switch {
	case r[0] != "1":
		x.ok("binlog", "off, and the proxy needs none")
	case r[1] != "ROW":
		x.warn("binlog", "binlog_format is "+r[1], "binlog_format = ROW: replicas then get rows as they are stored, and no statement to run again")
	default:
		x.ok("binlog", "on, by rows; it holds ciphertext")
	}
	if n, _ := strconv.ParseInt(r[2], 10, 64); n < x.cfg.Listen.MaxAllowedPacket {
		x.warn("packets", fmt.Sprintf("upstream's max_allowed_packet is %s, listen.max_allowed_packet %s", size(uint64(n)), size(uint64(x.cfg.Listen.MaxAllowedPacket))),
			"raise upstream's, by a quarter more: cells are longer than values")
	} else {
		x.ok("packets", "up to %s", size(uint64(n)))
	}
	if n, _ := strconv.Atoi(r[3]); n < x.cfg.Listen.MaxConnections {
		x.warn("connections", fmt.Sprintf("upstream takes %d, listen.max_connections is %d", n, x.cfg.Listen.MaxConnections), "the lower of the two holds; set both alike")
	} else {
		x.ok("connections", "upstream takes %d", n)
	}
	if !strings.Contains(r[4], "STRICT_TRANS_TABLES") && !strings.Contains(r[4], "STRICT_ALL_TABLES") {
		x.warn("sql_mode", "is not strict", "STRICT_TRANS_TABLES: some INSERTs into encrypted tables are refused without it")
	} else {
		x.ok("sql_mode", "strict")
	}
}

// Differences of clocks that warn, and that fail.
const (
	clockWarn = 2 * time.Second
	clockFail = time.Minute
)

func (x *examiner) clock(ctx context.Context) {
	before := time.Now()
	r, err := x.row(ctx, "SELECT UTC_TIMESTAMP(6)")
	if err != nil {
		x.fail("clock", oneLine(err), "upstream must tell the time")
		return
	}
	then, err := time.Parse("2006-01-02 15:04:05.999999", r[0])
	if err != nil {
		x.fail("clock", "upstream's time cannot be read", "see its UTC_TIMESTAMP()")
		return
	}
	apart := then.Sub(before.Add(time.Since(before) / 2)).Abs()
	switch {
	case apart > clockFail:
		x.fail("clock", fmt.Sprintf("upstream's is %v away from this host's", apart.Round(time.Second)), "NTP on both: CURRENT_TIMESTAMP of an encrypted column is the proxy's")
	case apart > clockWarn:
		x.warn("clock", fmt.Sprintf("upstream's is %v away from this host's", apart.Round(time.Millisecond)), "NTP on both: CURRENT_TIMESTAMP of an encrypted column is the proxy's")
	default:
		x.ok("clock", "%v apart", apart.Round(time.Millisecond))
	}
}

// privileges tries what the proxy's account does.
func (x *examiner) privileges(ctx context.Context) {
	if _, err := x.row(ctx, "SELECT COUNT(*) FROM mysql.user"); err != nil {
		x.warn("privileges", "no SELECT on mysql.user", fmt.Sprintf("GRANT SELECT ON mysql.user TO %s: logins are a round trip shorter", x.cfg.Upstream.User))
	} else {
		x.ok("privileges", "accounts can be read")
	}
	grants, err := x.row(ctx, "SHOW GRANTS")
	if err != nil {
		x.warn("privileges", oneLine(err), "SHOW GRANTS must work")
		return
	}
	all := strings.ToUpper(strings.Join(grants, "\n"))
	has := func(words ...string) bool {
		for _, w := range append(words, "ALL PRIVILEGES ON *.*") {
			if strings.Contains(all, w) {
				return true
			}
		}
		return false
	}
	if !has("CONNECTION_ADMIN", "CONNECTION ADMIN", "SUPER") {
		x.warn("privileges", "no right to end others' connections", "GRANT CONNECTION_ADMIN (MySQL) or CONNECTION ADMIN (MariaDB) ON *.*: statements of clients that have gone are stopped")
	} else {
		x.ok("privileges", "connections of clients that have gone can be ended")
	}
	x.conversions(all)
}

// conversions looks for what an ALTER … ENCRYPTION and a rotation of the master key want of the account, on some database.
func (x *examiner) conversions(grants string) {
	if strings.Contains(grants, "ALL PRIVILEGES") {
		x.ok("privileges", "tables can be converted")
		return
	}
	var missing []string
	for _, p := range []string{"ALTER", "CREATE", "DROP", "INSERT", "LOCK TABLES", "TRIGGER", "EVENT", "SHOW VIEW"} {
		if !regexp.MustCompile(`(?m)(^GRANT |, )` + p + `(,| ON )`).MatchString(grants) {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		x.warn("privileges", "no "+strings.Join(missing, ", "),
			"GRANT them as docs/runbooks.md, Install, says; without, ALTER … ENCRYPTION and rotations of the master key are refused, and what killed DDL leaves stays")
		return
	}
	x.ok("privileges", "tables can be converted where it has ALTER, CREATE, DROP, INSERT and LOCK TABLES")
}

// sampleRows is how many rows of each table the doctor opens.
const sampleRows = 100

func (x *examiner) tables(ctx context.Context, c *exec.Catalog) {
	plain, err := c.Plaintext(ctx)
	if err != nil {
		x.fail("tables", oneLine(err), "the account needs to see them")
		return
	}
	if len(plain) > 0 {
		x.warn("tables", fmt.Sprintf("%d that [[encrypt]] designates are stored as plaintext: %s", len(plain), strings.Join(plain[:min(len(plain), 10)], ", ")),
			"ALTER TABLE … ENCRYPTION='Y' through the proxy")
	}
	verified, err := c.Verify(ctx, sampleRows)
	if err != nil {
		x.fail("tables", oneLine(err), "the account needs SELECT on encrypted tables for this check")
		return
	}
	good, cells := 0, uint64(0)
	for _, v := range verified {
		cells += v.Cells
		if len(v.Problems) == 0 {
			good++
		}
		for _, p := range v.Problems {
			x.fail("tables", v.Database+"."+v.Table+": "+p, "restore the table from a backup, or undo what was done to it past the proxy; docs/runbooks.md")
		}
	}
	if good == len(verified) {
		x.ok("tables", "%d encrypted tables are as their metadata says; %d cells of their first %d rows open", good, cells, sampleRows)
	}
}
