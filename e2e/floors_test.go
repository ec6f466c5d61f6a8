// Package e2e_test holds the project's structure and its running whole to what the design says.
package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tdeproxy/tdeproxy"

// floors of the packages; a package imports lower floors only. A pattern's last * stands for one path element.
var floors = []struct {
	pattern string
	floor   int
}{
	{"config", 0}, {"tde/tally", 0}, {"tde/audit", 0}, {"keyring", 0}, {"sslcert", 0}, {"proxy/wire", 0},
	{"keyring/remote", 1}, {"keyring/kmstest", 1}, // what drivers of a KMS are built on, and tested with
	{"keyring/*", 2}, {"sslcert/acme", 1}, {"proxy", 1}, {"proxy/upstream", 1}, {"tde/schema", 1}, {"tde/cell", 1}, {"tde/spill", 1},
	{"tde/value", 2}, {"tde/plan", 2}, {"tde/kernel", 2}, {"tde/evaluator", 2},
	{"tde/exec", 3}, {"tde/migrate", 3},
	{"proxy/session", 4},
	{"cmd/*", 5},
}

// topFloor is that of everything below e2e/: it may import whatever it tests, also its own helpers.
const topFloor = 6

// confined imports appear only in the packages named, and in their tests.
var confined = []struct {
	imported string // a path, and all below it
	allowed  []string
}{
	{module + "/config", []string{"cmd/*"}},
	{"github.com/hashicorp/vault/api", []string{"keyring/vaultkms"}},
	{"github.com/ovh/kmip-go", []string{"keyring/kmipkms"}},
	{"github.com/miekg/pkcs11", []string{"keyring/pkcs11kms"}},
	{"github.com/alibabacloud-go", []string{"keyring/alikms"}},
	{"github.com/aliyun", []string{"keyring/alikms"}},
	{"github.com/aws", []string{"keyring/awskms"}},
	{"github.com/Azure", []string{"keyring/azurekms"}},
	{"cloud.google.com", []string{"keyring/gcpkms"}},
	{"google.golang.org/api", []string{"keyring/gcpkms"}},
	{"github.com/pingcap/tidb", []string{"tde/plan"}},
	{"crypto/cipher", []string{"keyring", "keyring/kmstest", "e2e/vectors"}},
	{"crypto/aes", []string{"keyring", "keyring/kmstest", "e2e/vectors", "e2e/harness"}},
	{"github.com/spf13/cobra", []string{"cmd/*"}},
	{"go.opentelemetry.io", []string{"cmd/*"}},
	{"github.com/go-acme/lego", []string{"sslcert/acme"}},
}

// Budgets of size, in lines.
const (
	maxFile     = 800
	mostFiles   = 450 // nine of ten files
	maxFunction = 100
	maxMethods  = 4 // of an interface
)

// source is one parsed file.
type source struct {
	path string // from the project's root, with slashes
	pkg  string // its folder
	file *ast.File
	fset *token.FileSet
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// line of a position.
func (s source) line(p token.Pos) int { return s.fset.Position(p).Line }

// sources parses every Go file of the project, with comments.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := ".."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "var" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, source{path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), file: file, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d Go files found", len(all))
	}
	return all
}

// matches says whether a package is one that a pattern means.
func matches(pattern, pkg string) bool {
	ok, _ := filepath.Match(pattern, pkg)
	return ok
}

// floorOf returns a package's floor, or -1 where it has none.
func floorOf(pkg string) int {
	if pkg == "e2e" || strings.HasPrefix(pkg, "e2e/") {
		return topFloor
	}
	for _, f := range floors {
		if matches(f.pattern, pkg) {
			return f.floor
		}
	}
	return -1
}

func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		floor := floorOf(s.pkg)
		if floor < 0 {
			t.Errorf("%s: package %s has no floor: put it on one in docs/architecture.md and in this test", s.path, s.pkg)
			continue
		}
		for _, spec := range s.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imported, ours := strings.CutPrefix(path, module+"/")
			// A test outside its package may import that package, and what runs servers; all of e2e is on top.
			if !ours || imported == s.pkg || floor == topFloor || s.isTest() && floorOf(imported) == topFloor {
				continue
			}
			if other := floorOf(imported); other >= floor {
				t.Errorf("%s:%d: %s (floor %d) imports %s (floor %d)", s.path, s.line(spec.Pos()), s.pkg, floor, imported, other)
			}
		}
	}
}

func TestConfinedImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			for _, c := range confined {
				if path != c.imported && !strings.HasPrefix(path, c.imported+"/") {
					continue
				}
				if !slices.ContainsFunc(c.allowed, func(pattern string) bool { return matches(pattern, s.pkg) }) &&
					path != module+"/"+s.pkg {
					t.Errorf("%s:%d: %s is for %s only", s.path, s.line(spec.Pos()), path, strings.Join(c.allowed, ", "))
				}
			}
		}
	}
}

// Every package says what it is for, and every exported name outside tests, too.
func TestDocumentation(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		for _, decl := range s.file.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s:%d: %s has no comment", s.path, s.line(name.Pos()), name.Name)
			}
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}

// undocumented lists a declaration's exported names without a comment of their own or of their group.
func undocumented(decl ast.Decl) []*ast.Ident {
	var names []*ast.Ident
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if d.Doc == nil && s.Doc == nil && s.Comment == nil && s.Name.IsExported() {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if d.Doc == nil && s.Doc == nil && s.Comment == nil && name.IsExported() {
						names = append(names, name)
					}
				}
			}
		}
	}
	return names
}

// exportedReceiver says whether a function is one that another package can call.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	name, ok := t.(*ast.Ident)
	return ok && name.IsExported()
}

func TestSizes(t *testing.T) {
	var files []int
	for _, s := range sources(t) {
		lines := s.line(s.file.FileEnd)
		files = append(files, lines)
		if lines > maxFile {
			t.Errorf("%s has %d lines, more than %d", s.path, lines, maxFile)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxMethods {
				t.Errorf("%s:%d: an interface of %d methods, more than %d", s.path, s.line(i.Pos()), i.Methods.NumFields(), maxMethods)
			}
			f, ok := n.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				return true
			}
			if lines := s.line(f.End()) - s.line(f.Pos()) + 1; lines > maxFunction {
				t.Errorf("%s:%d: %s has %d lines, more than %d", s.path, s.line(f.Pos()), f.Name.Name, lines, maxFunction)
			}
			return true
		})
	}
	slices.Sort(files)
	if p90 := files[len(files)*9/10]; p90 > mostFiles {
		t.Errorf("one file in ten has %d lines or more; %d is the budget", p90, mostFiles)
	}
}

// No init function runs before main: what a package needs it is given.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s:%d: init function", s.path, s.line(f.Pos()))
			}
		}
	}
}

// No package is named for being shared: such packages grow everything.
func TestNames(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains([]string{"common", "base", "util", "utils", "manager", "helper", "helpers", "misc"}, filepath.Base(s.pkg)) {
			t.Errorf("%s: a package is named for what it holds", s.path)
		}
	}
}
