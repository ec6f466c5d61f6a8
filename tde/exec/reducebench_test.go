package exec

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// BenchmarkReduction measures what becomes of fetched rows before they are loaded: cells opened, conditions decided. An operation
// is a row.
func BenchmarkReduction(b *testing.B) {
	table := &schema.Table{DB: "shop", Name: "t", ID: schema.TableID{1}, KeyID: 1, Columns: []schema.Column{
		{ID: 1, Name: "id", Kind: schema.KindInt, SQLType: "int", NotNull: true, Storage: schema.StoredClear},
		{ID: 2, Name: "name", Kind: schema.KindVarChar, SQLType: "varchar(60)", Length: 60, Charset: "utf8mb4", Collation: "utf8mb4_general_ci"},
		{ID: 3, Name: "n", Kind: schema.KindInt, SQLType: "int"}, {ID: 4, Name: "price", Kind: schema.KindDecimal, SQLType: "decimal(12,2)", Precision: 12, Scale: 2},
	}, Indexes: []schema.Index{{Name: "PRIMARY", Unique: true, Parts: []schema.IndexPart{{Column: "id"}}}}}
	key, err := keyring.RandomSecret()
	if err != nil {
		b.Fatal(err)
	}
	cells, err := cell.NewTable(key, table.ID, table.KeyID)
	if err != nil {
		b.Fatal(err)
	}
	rows := benchRows(cells)
	for _, q := range []struct{ name, sql string }{
		{"like", "SELECT id, name, n, price FROM t WHERE name LIKE '%quick fox%'"}, {"range", "SELECT id, name, n, price FROM t WHERE n < 1000"},
		{"decimal", "SELECT id, name, n, price FROM t WHERE price BETWEEN 5.00 AND 9.99"}, {"top", "SELECT id, name, n, price FROM t ORDER BY n LIMIT 10"},
		{"none", "SELECT id, name, n, price FROM t WHERE n + 1 < 1000"},
	} {
		b.Run(q.name, func(b *testing.B) {
			x := &splitRun{Session: &Session{state: &State{sealers: map[schema.TableID]*sealer{table.ID: {table: table, cells: cells}}}}}
			x.vars.ClientCharset, x.vars.ConnectionCharset = "utf8mb4", "utf8mb4"
			x.mirror = []evaluator.Variable{{Name: "max_sort_length", Value: "1024"}}
			if err := x.lexer.Lex([]byte(q.sql), x.vars.mode); err != nil {
				b.Fatal(err)
			}
			env := &plan.Env{DB: "shop", Snapshot: schema.NewSnapshot([]*schema.Table{table}, 0), Rules: schema.NewRules(nil, nil), Evaluator: true}
			p, ok := plan.Build(plan.Statement{Template: string(x.lexer.Template), Source: q.sql, Rows: x.lexer.Rows}, env).(*plan.Split)
			if !ok {
				b.Fatal("not split")
			}
			x.args = args{src: []byte(q.sql), literals: x.lexer.Literals, vars: &x.vars}
			x.binder.start(context.Background(), x.state, &x.args)
			f := &p.Fetches[0]
			o := newOpener(x.Session, f)
			r := x.reduction(f)
			if (r.filter == nil && r.top == nil) != (q.name == "none") {
				b.Fatal("not bound")
			}
			loaded := 0
			load := func() error { loaded++; return nil }
			i := 0
			began := cpuTime(b)
			for b.Loop() {
				if err := r.row(&o, rows[i%len(rows)], load); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.N)/(cpuTime(b)-began).Seconds()/1e6, "Mrows/cpu-s")
			b.ReportMetric(float64(loaded)/float64(b.N), "loaded/op")
		})
	}
}

// cpuTime is what this process has computed: what a busy machine changes least.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchRows are rows as upstream sends them.
func benchRows(cells *cell.Table) [][][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the quick brown fox jumps over a lazy dog while nobody looks at it from far away")
	var out [][][]byte
	for id := range 20_000 {
		var name []string
		for range 6 {
			name = append(name, words[rnd.IntN(len(words))])
		}
		out = append(out, [][]byte{
			fmt.Append(nil, id), cells.Seal(nil, 2, []byte(strings.Join(name, " "))),
			cells.Seal(nil, 3, binary.BigEndian.AppendUint64(nil, uint64(rnd.IntN(1_000_000)))),
			cells.Seal(nil, 4, fmt.Appendf(nil, "%d.%02d", rnd.IntN(1000), rnd.IntN(100))),
		})
	}
	return out
}
