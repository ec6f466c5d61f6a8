// Command rundrivers has all drivers of the matrix do their work over two servers that run already, a plain one and a proxy,
// compares what they print, and looks for plaintext in upstream's files. Both have an account of the same name and password, and
// both a database, which is dropped and made anew for each driver. e2e/compose.sh uses it.
//
//	MYSQL_PWD=… go run ./e2e/rundrivers -flavour mariadb -plain 13308 -plain-ca ca1.pem -proxy 3307 -proxy-ca ca2.pem -files DATADIR -control TEXT
//	go run ./e2e/rundrivers -certificate DIR    makes a CA and a certificate for localhost, for the plain server
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/matrix"
)

// perDriver is the longest that a driver may take on one side, on a machine that is starved.
const perDriver = 5 * time.Minute

// least is the number of files that the control value must be found in: table, binlog, and a log of statements.
const least = 3

// comparison is what is compared, and where.
type comparison struct {
	flavour, user, database string
	plain, proxy            side
	files, control          string
	dir                     string
}

// side is a server that is there already.
type side struct {
	port int
	ca   string
}

func main() {
	var c comparison
	var certificate string
	flag.StringVar(&certificate, "certificate", "", "only make a CA and a certificate for localhost in this folder")
	flag.StringVar(&c.flavour, "flavour", "", "mariadb or mysql")
	flag.StringVar(&c.user, "user", "root", "account; MYSQL_PWD has its password")
	flag.StringVar(&c.database, "database", "shop", "dropped and made anew for each driver")
	flag.IntVar(&c.plain.port, "plain", 0, "port of the plain server on localhost")
	flag.StringVar(&c.plain.ca, "plain-ca", "", "CA that its certificate is verified against")
	flag.IntVar(&c.proxy.port, "proxy", 0, "port of the proxy on localhost")
	flag.StringVar(&c.proxy.ca, "proxy-ca", "", "CA that its certificate is verified against")
	flag.StringVar(&c.files, "files", "", "upstream's files, which must not hold what drivers have written")
	flag.StringVar(&c.control, "control", "", "a text that was written past the proxy, which must be found there")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	err := func() error {
		if certificate != "" {
			_, err := harness.WriteCerts(certificate)
			return err
		}
		return c.run(ctx)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "rundrivers:", err)
		os.Exit(1)
	}
}

func (c *comparison) run(ctx context.Context) (err error) {
	if c.dir, err = os.MkdirTemp("", "rundrivers-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.dir)
	if err := matrix.Prepare(c.dir); err != nil {
		return err
	}
	drivers, differ := 0, 0
	for _, d := range matrix.Drivers() {
		if !d.Runs(harness.Flavour(c.flavour)) {
			continue
		}
		differences, err := c.compare(ctx, d)
		if err != nil {
			return err
		}
		drivers++
		differ += min(1, len(differences))
		for _, line := range differences {
			fmt.Printf("%s: %s\n", d.Title(), line)
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d drivers see other answers than on a plain server", differ, drivers)
	}
	fmt.Printf("%d drivers in %d steps each: the same as on a plain server\n", drivers, matrix.Steps())
	return c.search()
}

// compare has one driver do its work on both sides.
func (c *comparison) compare(ctx context.Context, d matrix.Driver) ([]string, error) {
	var out [2]matrix.Output
	for i, s := range []side{c.plain, c.proxy} {
		job := &matrix.Job{Port: s.port, User: c.user, Password: os.Getenv("MYSQL_PWD"), Database: c.database, CA: s.ca, Dir: c.dir}
		if err := matrix.Renew(job); err != nil {
			return nil, err
		}
		limited, cancel := context.WithTimeout(ctx, perDriver)
		defer cancel()
		var err error
		if out[i], err = d.Run(limited, job); err != nil {
			return nil, err
		}
	}
	if steps := strings.Count("\n"+strings.Join(out[0].Lines, "\n"), "\n> "); steps != matrix.Steps() {
		return nil, fmt.Errorf("%s: %d of %d steps were done", d.Title(), steps, matrix.Steps())
	}
	return matrix.Compare(out[0].Lines, out[1].Lines), nil
}

// search looks for the drivers' values in upstream's files, where a text that was written in clear is found.
func (c *comparison) search() error {
	if c.files == "" {
		return nil
	}
	var control harness.Canaries
	control.AddText(c.control, c.control)
	s, err := harness.NewScanner(append(control.Needles(), matrix.Needles()...))
	if err != nil {
		return err
	}
	if err := s.Dir(c.files, nil); err != nil {
		return err
	}
	seen := map[string]bool{}
	var hits []harness.Hit
	for _, h := range s.Hits {
		if h.Needle.Canary == c.control {
			seen[filepath.Base(h.Where)] = true
		} else {
			hits = append(hits, h)
		}
	}
	if len(seen) < least {
		return fmt.Errorf("the search is blind: what was written in clear is found in %d files of %s, fewer than %d", len(seen), c.files, least)
	}
	if s.Hits = hits; len(hits) > 0 {
		return fmt.Errorf("what drivers wrote reached upstream: %d places\n%s", len(hits), s.Report(12))
	}
	fmt.Printf("%d of upstream's files, %d MiB, hold nothing of what they wrote; a text that was written past the proxy is in %d of them\n", s.Files, s.Bytes>>20, len(seen))
	return nil
}
