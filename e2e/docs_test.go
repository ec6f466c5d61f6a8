package e2e_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Documents point only at what is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
					t.Errorf("%s points at %s, which is not there", file, m[1])
				}
			}
		}
	}
}

// Whoever opens the README sees within the first screen how to start.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) > 200 {
		t.Errorf("README.md has %d lines, more than 200", len(lines))
	}
	for _, command := range []string{"make demo", "make test"} {
		if !strings.Contains(strings.Join(lines[:20], "\n"), "\n"+command) {
			t.Errorf("%s does not stand in the README's first 20 lines", command)
		}
	}
}

// Dependencies that are used have a reason in docs/dependencies.md.
func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := regexp.MustCompile(`(?m)^\t(\S+) (v\S+)$`).FindAllStringSubmatch(string(mod), -1)
	core := map[string]bool{}
	all := sources(t)
	for _, m := range direct {
		if slices.ContainsFunc(all, func(s source) bool { return !matches("keyring/*", s.pkg) && imports(s, m[1]) }) {
			core[project(m[1])] = true
		}
	}
	if len(core) == 0 || len(core) > 15 {
		t.Errorf("modules of %d projects besides those of KMS drivers, more than 15", len(core))
	}
	for _, m := range direct {
		if !strings.Contains(string(doc), "`"+m[1]+"`") {
			t.Errorf("docs/dependencies.md does not say why %s is used", m[1])
		}
	}
}

// project is what counts as one dependency: OpenTelemetry's SDK is cut into modules that only go together.
func project(module string) string {
	if strings.HasPrefix(module, "go.opentelemetry.io/otel") {
		return "go.opentelemetry.io/otel"
	}
	return module
}

// imports says whether a file imports a package of a module.
func imports(s source, module string) bool {
	return slices.ContainsFunc(s.file.Imports, func(spec *ast.ImportSpec) bool {
		path, _ := strconv.Unquote(spec.Path.Value)
		return path == module || strings.HasPrefix(path, module+"/")
	})
}
