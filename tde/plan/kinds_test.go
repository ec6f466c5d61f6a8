package plan

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	sqlparser "github.com/pingcap/tidb/pkg/parser"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// statementNodes reads from the SQL parser's source the names of the types that implement ast.StmtNode: exported structs
// that get the unexported method by embedding, and have SEMCommand.
func statementNodes(t *testing.T) map[string]bool {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pingcap/tidb/pkg/parser").Output()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "ast", "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no source of the SQL parser in %s: %v", dir, err)
	}
	embeds, methods := map[string][]string{}, map[string]map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			declared(decl, embeds, methods)
		}
	}
	nodes := map[string]bool{}
	for name := range embeds {
		if ast.IsExported(name) && has(name, "statement", embeds, methods) && has(name, "SEMCommand", embeds, methods) {
			nodes[name] = true
		}
	}
	return nodes
}

// declared adds a declaration's embedded types and methods, by type.
func declared(decl ast.Decl, embeds map[string][]string, methods map[string]map[string]bool) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return
		}
		if name := typeName(d.Recv.List[0].Type); name != "" {
			if methods[name] == nil {
				methods[name] = map[string]bool{}
			}
			methods[name][d.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			s, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if fields, ok := s.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					if len(f.Names) == 0 {
						embeds[s.Name.Name] = append(embeds[s.Name.Name], typeName(f.Type))
					}
				}
			}
		}
	}
}

func typeName(e ast.Expr) string {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// has says whether a type or one that it embeds has a method.
func has(name, method string, embeds map[string][]string, methods map[string]map[string]bool) bool {
	if methods[name][method] {
		return true
	}
	for _, e := range embeds[name] {
		if has(e, method, embeds, methods) {
			return true
		}
	}
	return false
}

// TestStatementKinds: the statements that e2e's canaries go in hold every kind of the SQL parser's grammar, each under its
// name, so that a kind that a new version of the parser brings cannot go without.
func TestStatementKinds(t *testing.T) {
	kinds, err := harness.ReadKinds(filepath.Join("..", "..", "e2e", "testdata", "canary", "kinds.sql"))
	if err != nil {
		t.Fatal(err)
	}
	nodes := statementNodes(t)
	if len(nodes) < 100 || !nodes["SelectStmt"] || !nodes["CreateTableStmt"] || nodes["SplitOption"] {
		t.Fatalf("%d types of statements were found in the SQL parser's source: the search is wrong", len(nodes))
	}
	for _, k := range kinds {
		if k.Name == "unread" {
			continue
		}
		if !nodes[k.Name] {
			t.Errorf("%s is no type of the SQL parser's statements", k.Name)
		}
		delete(nodes, k.Name)
		if !parsesTo(k) {
			t.Errorf("no statement of %s is read as one", k.Name)
		}
	}
	for name := range nodes {
		t.Errorf("no statement of kind %s: put one that takes values into kinds.sql", name)
	}
}

// parsesTo says whether one of a kind's statements holds a node of its type.
func parsesTo(k harness.Kind) bool {
	p := sqlparser.New()
	for _, script := range k.Scripts {
		for _, sql := range script {
			var c harness.Canaries
			parsed, _, err := p.Parse(c.Fill(sql), "", "")
			if err != nil {
				continue
			}
			for _, stmt := range parsed {
				if holds(reflect.ValueOf(stmt), k.Name, 24) {
					return true
				}
			}
		}
	}
	return false
}

// holds looks for a type in what a value reaches.
func holds(v reflect.Value, name string, depth int) bool {
	if depth == 0 {
		return false
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return !v.IsNil() && holds(v.Elem(), name, depth-1)
	case reflect.Slice:
		for i := range v.Len() {
			if holds(v.Index(i), name, depth-1) {
				return true
			}
		}
	case reflect.Struct:
		if v.Type().Name() == name {
			return true
		}
		for i := range v.NumField() {
			if holds(v.Field(i), name, depth-1) {
				return true
			}
		}
	}
	return false
}
