package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/suite"
)

// document holds the results.
const document = "docs/difftest.md"

// updateDocument replaces the part between this run's markers.
func updateDocument(o options, results []*suite.Result) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s %s", o.server, o.run.Mode)
	begin, end := fmt.Sprintf("<!-- difftest %s -->\n", name), fmt.Sprintf("<!-- end %s -->", name)
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no markers %q and %q", document, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(document, []byte(head+begin+"\n"+suite.Report(results)+end+tail), 0o644)
}
