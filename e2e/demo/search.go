package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// search looks for every plaintext of every customer in all that the server
// holds, and shows that the search would have found them.
func (d *demo) search(context.Context) error {
	var plain harness.Canaries
	values := 0
	for _, p := range d.people {
		for _, v := range []string{p.name, p.email, p.card, p.note} {
			if len(v) >= 8 {
				plain.AddText(v, "")
				values++
			}
		}
	}
	needles := plain.Needles()
	begun := time.Now()
	step("plant one value in clear, as an unprotected table would hold it, and search")
	found, err := harness.Evidence{Server: d.server, Memory: true}.Search(needles)
	if err != nil {
		return err
	}
	done(begun)
	fmt.Printf(`
   searched for   %d values (names, e-mail addresses, cards, notes), in %d forms:
                  as they are, in upper and lower case, hex, base64, UTF-16, UTF-32, reversed
   searched in    %d files and memory regions, %.0f MiB: table files, redo and undo logs,
                  row binlog, general log, slow log, error log, and the server's memory
   control        the planted value was found in the table file, the redo log, the binlog,
                  the general log, the slow log and in memory: the search can see
   found          %d of the customers' values
`, values, len(needles), found.Files, float64(found.Bytes)/(1<<20), len(found.Hits))
	if len(found.Hits) > 0 {
		return fmt.Errorf("plaintext was found:\n%s", found.Report(10))
	}
	return nil
}
