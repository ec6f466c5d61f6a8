package frameworks

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

// gorm builds the program of e2e/gorm once, and runs it.
func gorm(mode string) func(context.Context, *matrix.Job) (matrix.Output, error) {
	return func(ctx context.Context, j *matrix.Job) (matrix.Output, error) {
		program := filepath.Join(j.Dir, "gorm")
		if _, err := os.Stat(program); err != nil {
			if err := builds("gorm", "build", "-o", program, "."); err != nil {
				return matrix.Output{}, err
			}
		}
		cmd := exec.CommandContext(ctx, program)
		cmd.Env = environment(j, "MATRIX_MODE="+mode)
		return printed(cmd)
	}
}

// builds runs the go command in a folder.
func builds(dir string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w: %.3000s", args[0], err, out)
	}
	return nil
}

// goDriver is the module whose tests are run, in the version that the proxy's module names.
const goDriver = "github.com/go-sql-driver/mysql"

// publicAddress is a test that dials a public address.
const publicAddress = "TestConnectorReturnsTimeout"

// driverTests runs the tests that go-sql-driver's module has, from a copy of it.
func driverTests(ctx context.Context, j *matrix.Job) (matrix.Output, error) {
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", goDriver).Output()
	if err != nil {
		return matrix.Output{}, err
	}
	number, source, _ := strings.Cut(strings.TrimSpace(string(version)), " ")
	program := filepath.Join(j.Dir, "driver.test")
	if _, err := os.Stat(program); err != nil {
		copied := filepath.Join(j.Dir, "driver")
		if err := copyFiles(copied, source); err != nil {
			return matrix.Output{}, err
		}
		if err := builds(copied, "test", "-c", "-o", program, "."); err != nil {
			return matrix.Output{}, err
		}
	}
	cmd := exec.CommandContext(ctx, program, "-test.v", "-test.skip", publicAddress)
	cmd.Dir = filepath.Join(j.Dir, "driver")
	cmd.Env = environment(j, "MYSQL_TEST_USER="+j.User, "MYSQL_TEST_PASS="+j.Password, "MYSQL_TEST_DBNAME="+j.Database,
		"MYSQL_TEST_ADDR="+net.JoinHostPort("127.0.0.1", strconv.Itoa(j.Port)))
	out, _ := cmd.CombinedOutput() // it ends with an error where a test fails
	lines := goResults(string(out))
	if len(lines) == 0 {
		return matrix.Output{}, fmt.Errorf("no test has run: %.2000s", out)
	}
	return matrix.Output{Version: "go-sql-driver/mysql " + number, Lines: lines}, nil
}

var goResult = regexp.MustCompile(`(?m)^ *--- (PASS|FAIL|SKIP): (\S+) \(`)

// goResults are the results of tests in the order of their names: some run side by side.
func goResults(out string) []string {
	byName := map[string]string{}
	for _, m := range goResult.FindAllStringSubmatch(out, -1) {
		byName[m[2]] = m[1]
	}
	return results(byName)
}

// results are lines for the comparison.
func results(byName map[string]string) []string {
	var names, lines []string
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		lines = append(lines, "> "+name+"\n"+byName[name])
	}
	return strings.Split(strings.Join(lines, "\n"), "\n")
}

// copyFiles copies a folder of files that may not be written to.
func copyFiles(to, from string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o644)
	})
}
