package session_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

func TestBulkExecute(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		if !srv.mariadb() {
			t.Skip("MySQL has none")
		}
		root := direct(t, srv)
		mustExec(t, root, "DROP TABLE IF EXISTS "+scratch+".bulk")
		mustExec(t, root, "CREATE TABLE "+scratch+".bulk (a INT DEFAULT 9, b VARCHAR(20))")
		defer mustExec(t, root, "DROP TABLE "+scratch+".bulk")
		f := start(t, srv)
		c := f.raw(t, wire.MariaDBBulkOperations|wire.DeprecateEOF)
		stmt := c.prepare("INSERT INTO " + scratch + ".bulk VALUES (?, ?)")
		b := wire.Bulk{StatementID: stmt.StatementID, Flags: wire.BulkTypes, Types: []wire.Param{{Type: wire.TypeLong}, {Type: wire.TypeVarString}}}
		p := b.Append(nil)
		for i := range 5000 {
			p = b.AppendRow(p, []wire.BulkValue{{Value: []byte{byte(i), byte(i >> 8), 0, 0}}, {Value: []byte("text")}})
		}
		p = b.AppendRow(p, []wire.BulkValue{{Indicator: wire.IndicatorDefault}, {Indicator: wire.IndicatorNull}})
		c.ResetSequence()
		c.write(p)
		if _, ok := c.rows(); ok.AffectedRows != 5001 {
			t.Error(ok)
		}
		if got := c.one("SELECT CONCAT(SUM(a), '/', COUNT(b)) FROM " + scratch + ".bulk"); got != "12497509/5000" {
			t.Error(got)
		}
	})
}

// TestBulkWithheld sees that clients are not offered what no guard could do for them, and that asking for it all the same
// does not bring it.
func TestBulkWithheld(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		if !srv.mariadb() {
			t.Skip("MySQL has none")
		}
		for _, withheld := range []bool{false, true} {
			f := start(t, srv, func(o *options) { o.cfg.Withheld = func() bool { return withheld } })
			c := f.raw(t, wire.MariaDBBulkOperations|wire.DeprecateEOF)
			if c.caps.Has(wire.MariaDBBulkOperations) == withheld {
				t.Errorf("withheld %t: the client has capabilities %x", withheld, uint64(c.caps))
			}
			if got := c.one("SELECT 1"); got != "1" {
				t.Error(got)
			}
		}
	})
}

// TestProgress has MariaDB report on a long ALTER.
func TestProgress(t *testing.T) {
	each(t, func(t *testing.T, srv server) {
		if !srv.mariadb() {
			t.Skip("MySQL has none")
		}
		root := direct(t, srv)
		mustExec(t, root, "DROP TABLE IF EXISTS "+scratch+".slow")
		mustExec(t, root, "CREATE TABLE "+scratch+".slow ENGINE=Aria AS SELECT seq, REPEAT('x', 200) s FROM "+scratch+".seq_1_to_400000")
		defer mustExec(t, root, "DROP TABLE "+scratch+".slow")
		f := start(t, srv)
		c := f.raw(t, wire.MariaDBProgress)
		c.query("SET progress_report_time = 1")
		c.rows()
		c.query("ALTER TABLE " + scratch + ".slow ENGINE=InnoDB")
		reports := 0
		for p := c.read(); ; p = c.read() {
			if p[0] != 0xff || p[1] != 0xff || p[2] != 0xff {
				c.mustOK(p)
				break
			}
			reports++
		}
		t.Log(reports, "reports")
		if got := c.one("SELECT 'after'"); got != "after" {
			t.Error(got)
		}
	})
}
