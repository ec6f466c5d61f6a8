package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// generator is the module that has TPC-H.
const generator = "e2e/tpch/dbgen"

// tpch is what the module has of TPC-H.
type tpch struct {
	tables  []string // CREATE TABLE
	names   []string
	queries map[int]string
}

// keys are the foreign keys of TPC-H, which go-tpc's tables have no index for.
var keys = map[string]string{
	"nation": "N_REGIONKEY", "supplier": "S_NATIONKEY", "partsupp": "PS_SUPPKEY", "customer": "C_NATIONKEY", "orders": "O_CUSTKEY",
	"lineitem": "L_PARTKEY L_SUPPKEY",
}

// source reads tables and queries out of the module's source, where they are constants and literals.
func source() (*tpch, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pingcap/go-tpc")
	list.Dir, list.Stderr = generator, os.Stderr
	if err := download(); err != nil {
		return nil, err
	}
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("looking for go-tpc: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "tpch")
	s := &tpch{queries: map[int]string{}}
	if err := literals(filepath.Join(dir, "ddl.go"), s.table); err != nil {
		return nil, err
	}
	if err := literals(filepath.Join(dir, "query.go"), s.query); err != nil {
		return nil, err
	}
	s.queries[15] = revenue + s.queries[15]
	if len(s.tables) != 8 || len(s.queries) != 22 {
		return nil, fmt.Errorf("go-tpc has %d tables and %d queries", len(s.tables), len(s.queries))
	}
	return s, nil
}

func download() error {
	get := exec.Command("go", "mod", "download", "github.com/pingcap/go-tpc")
	get.Dir, get.Stderr = generator, os.Stderr
	return get.Run()
}

// literals hands each string of a Go file to take, with the name of the constant that it is.
func literals(file string, take func(name, text string)) error {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		return err
	}
	named := map[*ast.BasicLit]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, v := range n.Values {
				if l, ok := v.(*ast.BasicLit); ok {
					named[l] = n.Names[i].Name
				}
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				take(named[n], text)
			}
		}
		return true
	})
	return nil
}

func (s *tpch) table(_, text string) {
	const head = "CREATE TABLE IF NOT EXISTS "
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), head)
	if !ok {
		return
	}
	name, _, _ := strings.Cut(rest, " ")
	end := strings.LastIndex(rest, ")")
	create := "CREATE TABLE " + rest[:end]
	for _, k := range strings.Fields(keys[name]) {
		create += ", KEY (" + k + ")"
	}
	s.names, s.tables = append(s.names, name), append(s.tables, create+")")
}

func (s *tpch) query(name, text string) {
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "q")); err == nil {
		s.queries[n] = strings.TrimSuffix(strings.TrimSpace(strings.ReplaceAll(text, "/*PLACEHOLDER*/", "")), ";")
	}
}

// revenue is the view that query 15 asks for, which go-tpc does not make.
const revenue = "WITH revenue0 (supplier_no, total_revenue) AS (SELECT l_suppkey, SUM(l_extendedprice * (1 - l_discount)) FROM lineitem " +
	"WHERE l_shipdate >= '1996-01-01' AND l_shipdate < DATE_ADD('1996-01-01', INTERVAL 3 MONTH) GROUP BY l_suppkey) "

// generate writes the data.
func (s *tpch) generate(share float64, dir string) error {
	run := exec.Command("go", "run", ".", strconv.FormatFloat(share, 'f', -1, 64), dir)
	run.Dir, run.Stderr = generator, os.Stderr
	return run.Run()
}

// fill makes and fills the tables.
func (s *tpch) fill(c *rawmysql.Conn, dir string) error {
	for i, name := range s.names {
		if err := c.Exec(s.tables[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := insert(c, name, dataFile(dir, name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := c.Exec("ANALYZE TABLE " + name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func insert(c *rawmysql.Conn, table, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.Comma = '|'
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for {
		var rows []string
		for len(rows) < 500 && err == nil {
			var row []string
			if row, err = in.Read(); err == nil {
				for i := range row {
					row[i] = "'" + quote.Replace(row[i]) + "'"
				}
				rows = append(rows, "("+strings.Join(row, ",")+")")
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(rows) > 0 {
			if err := c.Exec("INSERT INTO " + table + " VALUES " + strings.Join(rows, ",")); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}
