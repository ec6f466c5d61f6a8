package evaluator

import (
	"context"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

func benchEach(b *testing.B, bench func(b *testing.B, e *Evaluator)) {
	for _, mariaDB := range []bool{true, false} {
		b.Run(flavourName(mariaDB), func(b *testing.B) {
			e := startTest(b, mariaDB)
			bench(b, e)
		})
	}
}

func BenchmarkCoerce(b *testing.B) {
	benchEach(b, func(b *testing.B, e *Evaluator) {
		ctx := context.Background()
		table, err := e.Describe(ctx, ddl(e, "c", "CREATE TABLE c (n INT NOT NULL, s VARCHAR(30), d DATETIME(3))"))
		if err != nil {
			b.Fatal(err)
		}
		cols := []*schema.Column{&table.Columns[0], &table.Columns[1], &table.Columns[2]}
		for _, rows := range []int{1, 100} {
			cells := make([][]Cell, rows)
			for i := range cells {
				cells[i] = []Cell{{SQL: "'12'"}, {SQL: "'some text'"}, {SQL: "'2020-01-02'"}}
			}
			b.Run(map[int]string{1: "1row", 100: "100rows"}[rows], func(b *testing.B) {
				for b.Loop() {
					if _, _, err := e.Coerce(ctx, table, cols, cells, Session{SQLMode: "STRICT_TRANS_TABLES"}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}

func BenchmarkDescribe(b *testing.B) {
	benchEach(b, func(b *testing.B, e *Evaluator) {
		for b.Loop() {
			if _, err := e.Describe(context.Background(), ddl(e, "every", everyType)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkWeigher(b *testing.B) {
	benchEach(b, func(b *testing.B, e *Evaluator) {
		ctx := context.Background()
		for _, collation := range []string{"utf8mb4_general_ci", "utf8mb4_unicode_ci", "latin1_swedish_ci"} {
			charset, _, _ := strings.Cut(collation, "_")
			b.Run("learn/"+collation, func(b *testing.B) {
				for b.Loop() {
					w := newWeigher(charset, collation)
					if err := e.with(ctx, func(c *conn) error { return w.study(c, e.cfg.MariaDB) }); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		w, err := e.Weigher(ctx, "utf8mb4", "utf8mb4_unicode_ci")
		if err != nil {
			b.Fatal(err)
		}
		s := []byte("someone@example.com")
		b.Run("Append", func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst, _ = w.Append(dst[:0], s)
			}
		})
		b.Run("Weights", func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Weights(ctx, "utf8mb4", "utf8mb4_unicode_ci", [][]byte{[]byte("ka\u0301n")}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
