package frameworks

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

// python is Debian's, which has the packages of its distribution.
const python = "/usr/bin/python3"

func django(ctx context.Context, j *matrix.Job) (matrix.Output, error) {
	cmd := exec.CommandContext(ctx, python, filepath.Join(j.Dir, "django_work.py"))
	cmd.Dir = j.Dir
	cmd.Env = environment(j)
	return printed(cmd)
}

// suiteDatabases are those that SQLAlchemy's suite works in.
var suiteDatabases = []string{"test", "test_schema"}

// dialectSuite runs the suite that SQLAlchemy ships for dialects: all of it, or what matches an expression, without views and temporary tables.
func dialectSuite(driver, only string) func(context.Context, *matrix.Job) (matrix.Output, error) {
	return func(ctx context.Context, j *matrix.Job) (matrix.Output, error) {
		uri := url.URL{Scheme: "mysql+" + driver, User: url.UserPassword(j.User, j.Password), Host: "127.0.0.1:" + strconv.Itoa(j.Port),
			Path: "/test", RawQuery: "charset=utf8mb4"}
		args := []string{"-m", "pytest", "sqlalchemy_suite.py", "--dburi", uri.String(), "-c", "setup.cfg", "-p", "no:cacheprovider",
			"-p", "no:warnings", "--tb=line", "-rA"}
		if only != "" {
			args = append(args, "-k", only)
		}
		cmd := exec.CommandContext(ctx, python, args...)
		cmd.Dir = j.Dir
		cmd.Env = environment(j, "MATRIX_ONLY="+only)
		out, _ := cmd.CombinedOutput() // it ends with an error where a test fails
		lines := pytestResults(string(out))
		if len(lines) < 2 {
			return matrix.Output{}, fmt.Errorf("no test has run: %.3000s", out)
		}
		return matrix.Output{Version: suiteVersion(ctx), Lines: lines}, nil
	}
}

func suiteVersion(ctx context.Context) string {
	out, _ := exec.CommandContext(ctx, python, "-c", "import sqlalchemy; print(sqlalchemy.__version__)").Output()
	return "SQLAlchemy " + strings.TrimSpace(string(out))
}

var (
	pytestResult = regexp.MustCompile(`(?m)^(PASSED|FAILED|ERROR|XFAIL|XPASS) sqlalchemy_suite\.py::(\S+?)_(?:mariadb|mysql)\S*?(::.*?)( - .*)?$`)
	pytestTotal  = regexp.MustCompile(`(?m)^=+ .*?((?:\d+ \w+(?:, )?)+) in `)
)

// pytestResults are the results of tests, and how many were skipped: their names are not printed.
func pytestResults(out string) []string {
	byName := map[string]string{}
	for _, m := range pytestResult.FindAllStringSubmatch(out, -1) {
		byName[m[2]+m[3]] = m[1]
	}
	if m := pytestTotal.FindStringSubmatch(out); m != nil {
		byName["total"] = m[1]
	}
	return results(byName)
}
