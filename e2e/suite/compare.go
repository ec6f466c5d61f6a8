package suite

import (
	"fmt"
	"slices"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/mysqltest"
)

// Differences beyond those of package differ.
const (
	lostAnswer  = "lost"
	warningText = "warning text"
)

// gravity orders differences; of several, the first one counts.
var gravity = []string{differ.Rows, lostAnswer, differ.Fault, differ.Count, differ.Shape, differ.Order, differ.Names, differ.Types,
	differ.Affected, differ.InsertID, differ.Metadata, differ.KeyFlag, differ.Message, differ.Warnings, warningText, differ.Info, differ.State}

func gravest(details []differ.Detail) string {
	for _, what := range gravity {
		if slices.ContainsFunc(details, func(d differ.Detail) bool { return d.What == what }) {
			return what
		}
	}
	return details[0].What
}

// compare lists the differences of two answers; loose leaves all out but the error code.
func compare(s mysqltest.Step, plain, proxy answer, loose bool) []differ.Detail {
	if plain.lost != nil || proxy.lost != nil {
		if (plain.lost == nil) == (proxy.lost == nil) {
			return nil
		}
		return []differ.Detail{{What: lostAnswer, Text: fmt.Sprintf("connection: want %s, got %s", kept(plain.lost), kept(proxy.lost))}}
	}
	details := differ.Details(plain.results, proxy.results, differ.Lenience{AnyOrder: s.Sorted || !ordered(s.SQL)})
	inFile := plain.err() != nil && fileError.MatchString(plain.err().Message)
	return slices.DeleteFunc(details, func(d differ.Detail) bool {
		return loose && d.What != differ.Fault && d.What != differ.Count || inFile && d.What == differ.Message
	})
}

func kept(err error) string {
	if err == nil {
		return "an answer"
	}
	return err.Error()
}
