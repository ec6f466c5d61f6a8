// Command difftest runs the MariaDB server's own regression suite statement by
// statement on a plain server and, with every table encrypted, through the
// proxy, and reports what a client could tell apart.
//
//	go run ./e2e/difftest [-server mariadb|mysql] [-ps] [-j 2] [-update] [FILE…]
//
// It reads the suite where Debian's package mariadb-test installs it. Without
// names it runs those of files.txt. It starts servers and proxies of its own.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/suite"
)

// allFiles are the tests that take part: those that two plain servers answer
// alike without the suite's own runner, its options and its replicas.
//
//go:embed files.txt
var allFiles string

// options are the command line.
type options struct {
	server  harness.Flavour
	folder  string
	files   []string
	run     suite.Options
	workers int
	plain   bool
	update  bool
	json    string
	verbose bool
}

func main() {
	o, err := parse()
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "difftest:", err)
		os.Exit(1)
	}
}

func parse() (options, error) {
	server := flag.String("server", "mariadb", "mariadb or mysql (TDEPROXY_TEST_MYSQLD names its mysqld)")
	folder := flag.String("suite", suite.Folder, "folder of the suite's .test files")
	ps := flag.Bool("ps", false, "prepare and execute each statement (binary protocol)")
	known := flag.String("known", "", "file of differences between two plain servers: place, reason")
	update := flag.Bool("update", false, "put the result into docs/difftest.md")
	statement := flag.Duration("timeout", 30*time.Second, "for one statement")
	file := flag.Duration("file-timeout", 3*time.Minute, "for one file")
	workers := flag.Int("j", 1, "files to run at once, each on servers of its own")
	plain := flag.Bool("plain", false, "compare two plain servers, which shows what differs by itself")
	report := flag.String("json", "", "file for the whole result")
	verbose := flag.Bool("v", false, "print every difference")
	flag.Parse()
	o := options{server: harness.Flavour(*server), folder: *folder, files: flag.Args(), workers: *workers, plain: *plain, update: *update, json: *report, verbose: *verbose,
		run: suite.Options{Mode: differ.Text, Statement: *statement, File: *file}}
	if *ps {
		o.run.Mode = differ.Binary
	}
	if len(o.files) == 0 {
		o.files = strings.Fields(allFiles)
	}
	if o.workers < 1 {
		return o, errors.New("-j: at least one worker is needed")
	}
	if _, err := os.Stat(filepath.Join(o.folder, o.files[0])); err != nil {
		return o, fmt.Errorf("%w (scripts/packages.sh mariadb-test)", err)
	}
	var err error
	if *known != "" {
		o.run.Known, err = suite.ReadKnown(*known)
	}
	return o, err
}

func run(o options) error {
	binary := ""
	if !o.plain {
		dir, err := os.MkdirTemp("", "tdeproxy-difftest-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if binary, err = harness.BuildProxy(dir, false); err != nil {
			return err
		}
	}
	results, err := runAll(o, binary)
	if err != nil {
		return err
	}
	fmt.Print("\n", suite.Report(results))
	if o.json != "" {
		if err := writeJSON(o.json, results); err != nil {
			return err
		}
	}
	if o.update {
		return updateDocument(o, results)
	}
	return nil
}

func writeJSON(path string, results []*suite.Result) error {
	text, err := json.MarshalIndent(map[string]any{"total": suite.Total(results), "files": results}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
