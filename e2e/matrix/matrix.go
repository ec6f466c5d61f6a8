// Package matrix has drivers of many languages do the same work, each in its own words: what they print of a plain server and
// of encrypted tables behind the proxy must be the same.
package matrix

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

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

//go:embed programs
var programs embed.FS

//go:embed work.txt
var work string

// Job is where a driver works.
type Job struct {
	Port                     int // of localhost and 127.0.0.1
	User, Password, Database string
	CA                       string // PEM bundle that the server's certificate and name are verified against
	Dir                      string // for the driver's own files, and for what it has compiled
}

// Modes of protocol.
const (
	Text     = "text"
	Prepared = "prepared"
)

// Driver is one driver in one mode.
type Driver struct {
	Name     string
	Mode     string
	Only     harness.Flavour // empty: both
	Compress bool

	program func(dir string) ([]string, error) // gives the command, and compiles it where needed
	library string                             // what the program is told to use
	run     func(*Job, *lines) error           // or the driver is in this process
}

// Title tells a driver from the others.
func (d Driver) Title() string {
	title := d.Name + " " + d.Mode
	if d.Compress {
		title += " compressed"
	}
	return title
}

// Output is what a driver has printed.
type Output struct {
	Version string
	Lines   []string
}

// Steps is the number of operations of the work.
func Steps() int { return len(steps()) }

// Prepare writes the programs and the file that is loaded into a folder.
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
	var rows strings.Builder
	for i := range rowsOfFile {
		fmt.Fprintf(&rows, "%s,%d\n", rowOfFile(i), i)
	}
	if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(rows.String()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "work.txt"), []byte(work), 0o600)
}

// rowsOfFile is the number of rows that LOAD DATA LOCAL gets.
const rowsOfFile = 3000

// rowOfFile is the text of one of them.
func rowOfFile(i int) string { return fmt.Sprintf("row %d ü canaryYd4wSk7gHn3TbVu9", i) }

// Run does the work once, and gives what was printed.
func (d Driver) Run(ctx context.Context, j *Job) (Output, error) {
	var l lines
	if d.run != nil {
		if err := d.run(j, &l); err != nil {
			return Output{}, fmt.Errorf("%s: %w", d.Title(), err)
		}
		return output(l.all), nil
	}
	command, err := d.program(j.Dir)
	if err != nil {
		return Output{}, fmt.Errorf("%s: %w", d.Title(), err)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = j.Dir
	cmd.Env = append(os.Environ(), d.environment(j)...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return Output{}, fmt.Errorf("%s: %w: %.4000s\n%s", d.Title(), err, problems.String(), out.Bytes()[max(0, out.Len()-2000):])
	}
	return output(strings.Split(strings.TrimSuffix(out.String()+problems.String(), "\n"), "\n")), nil
}

func output(all []string) Output {
	version, ok := strings.CutPrefix(all[0], "version ")
	if !ok {
		return Output{Lines: all}
	}
	return Output{Version: version, Lines: all[1:]}
}

func (d Driver) environment(j *Job) []string {
	compress := ""
	if d.Compress {
		compress = "1"
	}
	all := []string{"PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8", "TZ=UTC"}
	for name, value := range map[string]string{
		"PORT": strconv.Itoa(j.Port), "USER": j.User, "PASSWORD": j.Password, "DATABASE": j.Database, "CA": j.CA, "MODE": d.Mode,
		"DRIVER": d.library, "WORK": filepath.Join(j.Dir, "work.txt"), "FILE": filepath.Join(j.Dir, "rows.csv"), "ODBC": odbcLibrary(),
		"COMPRESS": compress,
	} {
		all = append(all, "MATRIX_"+name+"="+value)
	}
	return all
}

// lines are those that a driver in this process prints.
type lines struct{ all []string }

func (l *lines) printf(format string, args ...any) {
	l.all = append(l.all, strings.Split(strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"), "\n")...)
}
