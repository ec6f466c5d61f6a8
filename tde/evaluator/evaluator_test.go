package evaluator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// shared evaluators serve all tests that leave them as they were: starting a server takes longer than most tests do.
var shared = map[bool]*Evaluator{}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, e := range shared {
		if err := errors.Join(e.Close(), os.RemoveAll(e.cfg.Dir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// eachFlavour runs test with a shared evaluator of each flavour.
func eachFlavour(t *testing.T, test func(t *testing.T, e *Evaluator)) {
	for _, mariaDB := range []bool{true, false} {
		t.Run(flavourName(mariaDB), func(t *testing.T) {
			if shared[mariaDB] == nil {
				cfg := testConfig(t, mariaDB)
				cfg.Logger = nil
				cfg.Dir += "-shared" // not removed with this test
				e, err := Start(context.Background(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				shared[mariaDB] = e
			}
			test(t, shared[mariaDB])
		})
	}
}

// eachAlone runs test with an evaluator of its own of each flavour.
func eachAlone(t *testing.T, test func(t *testing.T, e *Evaluator)) {
	for _, mariaDB := range []bool{true, false} {
		t.Run(flavourName(mariaDB), func(t *testing.T) { test(t, startTest(t, mariaDB)) })
	}
}

// startTest starts an evaluator: of the mariadbd that is installed, or of the mysqld that TDEPROXY_TEST_MYSQLD names.
func startTest(t testing.TB, mariaDB bool) *Evaluator {
	t.Helper()
	e, err := Start(context.Background(), testConfig(t, mariaDB))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func testConfig(t testing.TB, mariaDB bool) Config {
	t.Helper()
	server := "auto"
	missing := ""
	if mariaDB {
		if _, err := Locate(context.Background(), "auto", true); err != nil {
			missing = err.Error()
		}
	} else if server = os.Getenv("TDEPROXY_TEST_MYSQLD"); server == "" {
		missing = "TDEPROXY_TEST_MYSQLD is not set"
	}
	if missing != "" {
		if os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return Config{Server: server, Dir: memoryDir(t), Memory: 128 << 20, MariaDB: mariaDB, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// memoryDir is a folder in memory where there is one: a server starts far sooner there.
func memoryDir(t testing.TB) string {
	t.Helper()
	parent := "/dev/shm"
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		parent = ""
	}
	dir, err := os.MkdirTemp(parent, "tde-ev-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files lists what is below a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && path != dir {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
