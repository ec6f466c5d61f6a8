// Package frameworks has what applications are built on work over a plain server and over encrypted tables behind the proxy: the test suites
// that frameworks and drivers ship, and programs by frameworks. All that they print must be the same, but for what is listed.
package frameworks

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

//go:embed programs
var programs embed.FS

//go:embed known.txt
var known string

// Framework is one framework, driver or suite in one mode.
type Framework struct {
	Name string
	Mode string
	// Databases are made anew before, in utf8mb4, beside the job's.
	Databases []string

	run func(context.Context, *matrix.Job) (matrix.Output, error)
}

// Title tells one from the others.
func (f Framework) Title() string { return strings.TrimSpace(f.Name + " " + f.Mode) }

// All of them.
func All() []Framework {
	return []Framework{
		{Name: "GORM", Mode: matrix.Text, run: gorm(matrix.Text)},
		{Name: "GORM", Mode: matrix.Prepared, run: gorm(matrix.Prepared)},
		{Name: "Django", run: django},
		{Name: "go-sql-driver's tests", run: driverTests},
		{Name: "SQLAlchemy's dialect suite", Mode: "PyMySQL", Databases: suiteDatabases, run: dialectSuite("pymysql", "")},
		{Name: "SQLAlchemy's dialect suite", Mode: "mysqlclient", Databases: suiteDatabases, run: dialectSuite("mysqldb", "")},
		{Name: "SQLAlchemy's dialect suite", Mode: "reflection without temporary tables", Databases: suiteDatabases,
			run: dialectSuite("pymysql", "Reflection or HasTable")},
	}
}

// Prepare writes the programs into a folder.
func Prepare(dir string) error {
	entries, err := programs.ReadDir("programs")
	if err != nil {
		return err
	}
	for _, e := range entries {
		text, err := programs.ReadFile("programs/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Run does the work once, and gives what was printed.
func (f Framework) Run(ctx context.Context, j *matrix.Job) (matrix.Output, error) {
	out, err := f.run(ctx, j)
	if err != nil {
		return out, fmt.Errorf("%s: %w", f.Title(), err)
	}
	return out, nil
}

// Known is why a test or step of a framework is known to differ, or nothing.
func (f Framework) Known(step string) string {
	for line := range strings.Lines(known) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(part) == 3 && strings.HasPrefix(f.Name, part[0]) && strings.HasPrefix(step, part[1]) {
			return part[2]
		}
	}
	return ""
}

// environment is the job as programs read it.
func environment(j *matrix.Job, more ...string) []string {
	return append(append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8", "TZ=UTC",
		"MATRIX_PORT="+strconv.Itoa(j.Port), "MATRIX_USER="+j.User, "MATRIX_PASSWORD="+j.Password, "MATRIX_DATABASE="+j.Database, "MATRIX_CA="+j.CA), more...)
}

// printed runs a program that prints its version and steps.
func printed(cmd *exec.Cmd) (matrix.Output, error) {
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return matrix.Output{}, fmt.Errorf("%w: %.4000s\n%s", err, problems.String(), out[max(0, len(out)-2000):])
	}
	all := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	version, _ := strings.CutPrefix(all[0], "version ")
	return matrix.Output{Version: version, Lines: all[1:]}, nil
}
