package mysqltest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// answers are what Ask gives in these tests.
var answers = map[string]Answer{
	"select 1": {Columns: []string{"1"}, Rows: [][][]byte{{[]byte("1")}}},
	"select 0": {Columns: []string{"0"}, Rows: [][][]byte{{[]byte("0")}}},
	"show t":   {Columns: []string{"a", "B"}, Rows: [][][]byte{{[]byte("x"), []byte("y")}}},
}

func TestReader(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		want    []string
		skipped int
	}{
		"quotes, comments": {"# it's;\nselect ';', \"a;b\", `c;d`, 'it\\'s;';\n-- select 1;\nselect 2;",
			[]string{"select ';', \"a;b\", `c;d`, 'it\\'s;'", "select 2"}, 0},
		"delimiter":        {"delimiter |;\ncreate procedure p() begin select 1; end|\ndelimiter ;|\ncall p();", []string{"create procedure p() begin select 1; end", "call p()"}, 0},
		"dashed delimiter": {"--delimiter //\nselect 1//\n--delimiter ;\nselect 2;", []string{"select 1", "select 2"}, 0},
		"variables":        {"let $e= InnoDB;\neval create table t (a int) engine=$e;\neval select $no;\nselect $e;", []string{"create table t (a int) engine=InnoDB", "select $e"}, 1},
		"loop":             {"let $n= 2;\nwhile ($n)\n{\n  eval insert into t values ($n);\n  dec $n;\n}\nselect 1;", []string{"insert into t values (2)", "insert into t values (1)", "select 1"}, 0},
		"asked condition":  {"if (`select 1`) { select 2; }\nif (!`select 1`)\n{\nselect 3;\n}\nif (`select 0`) { select 4; }", []string{"select 2"}, 0},
		"not known":        {"if (`select 9`)\n{\n  select 2;\n  if ($x) { select 3; }\n}\nselect 4;", []string{"select 4"}, 2},
		"comparison":       {"let $e= a;\nif ($e == 'a') { select 1; }\nif ($e != a) { select 2; }\nlet $n= 9;\nif ($n < 10) { select 3; }", []string{"select 1", "select 3"}, 0},
		"asked values":     {"let $a= `select 1`;\nlet $b= query_get_value(show t, b, 1);\nlet $c= query_get_value(show t, b, 2);\neval select '$a$b$c';", []string{"select '1yNo such row'"}, 0},
		"source":           {"--source include/x.inc\nsource include/none.inc;\nselect 1;", []string{"insert into t values (7)", "select 1"}, 1},
		"send":             {"--send select 1\n--reap\nsend select 2;\nreap;\nselect 3;", []string{"select 3"}, 4},
		"document":         {"--perl\nprint 'x;';\nEOF\n--write_file f END\nselect 0;\nEND\nselect 1;", []string{"select 1"}, 0},
		"off":              {"--disable_parsing\nselect 1;\n--enable_parsing\nselect 2;", []string{"select 2"}, 1},
		"skip":             {"select 1;\nif (`select 1`) {\n--skip not here\n}\nselect 2;", []string{"select 1"}, 0},
		"connections":      {"connect (c,localhost,u,p,d);\nselect 1;\nconnection default;\ndisconnect c;", []string{"connect c u/p/d", "c: select 1", "disconnect c"}, 0},
		"expectations":     {"--error 1146\n--sorted_result\nselect 1;\n--error 0\nselect 2;", []string{"select 1 fails sorted", "select 2"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			steps, skipped := read(t, c.text)
			if !slices.Equal(steps, c.want) || skipped != c.skipped {
				t.Errorf("got %q, %d skipped\nwant %q, %d skipped", steps, skipped, c.want, c.skipped)
			}
		})
	}
}

// read carries out a test's text and prints its steps.
func read(t *testing.T, text string) (steps []string, skipped int) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "include", "x.inc"), "insert into t values (7);\n")
	path := filepath.Join(dir, "main", "a.test")
	write(t, path, text)
	r := &Reader{Do: func(s Step) error { steps = append(steps, print(s)); return nil }, Ask: func(s Step) (Answer, bool) { a, ok := answers[s.SQL]; return a, ok }}
	if err := r.Run(path); err != nil {
		t.Fatal(err)
	}
	for _, n := range r.Skipped {
		skipped += n
	}
	return steps, skipped
}

func print(s Step) string {
	out := s.SQL
	switch s.Op {
	case Connect:
		return "connect " + s.Conn + " " + s.Login.User + "/" + s.Login.Password + "/" + s.Login.Database
	case Disconnect:
		return "disconnect " + s.Conn
	}
	if s.Conn != "default" {
		out = s.Conn + ": " + out
	}
	if s.Fails {
		out += " fails"
	}
	if s.Sorted {
		out += " sorted"
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		sql  string
		n    int
		want string
		ok   bool
	}{{"select ';'; select 2; x", 1, "select ';';", true}, {"select ';'; select 2; x", 2, "select ';'; select 2;", true}, {"select 1", 1, "select 1", false}} {
		if got, ok := Split(c.sql, c.n); got != c.want || ok != c.ok {
			t.Errorf("%q, %d: got %q, %t", c.sql, c.n, got, ok)
		}
	}
}

// Lines are those of the file that a statement stands in.
func TestPlaces(t *testing.T) {
	var places []string
	path := filepath.Join(t.TempDir(), "p.test")
	write(t, path, "# one\nselect\n 1;\n\nlet $n= 1;\nwhile ($n) {\n  select 2;\n  dec $n;\n}\nselect 3;")
	r := &Reader{Do: func(s Step) error { places = append(places, s.Place); return nil }}
	if err := r.Run(path); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(places, " "), "p.test:2 p.test:7 p.test:10"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
