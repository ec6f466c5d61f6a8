package matrix

import (
	"math"
	"regexp"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

var canaryWord = regexp.MustCompile(`^canary[A-Za-z0-9]{16}`)

// longInt has more digits than are found by chance.
const longInt = 100_000_000_000_000_000

// Needles are the values of the work that are unique in the world, in every form that they could have upstream.
func Needles() []harness.Needle {
	var c harness.Canaries
	c.AddText(rowOfFile(0), canaryIn(rowOfFile(0)))
	for _, s := range steps() {
		for _, a := range s.args {
			switch v := a.(type) {
			case string:
				if word := canaryIn(v); word != "" {
					c.AddText(word, word)
				}
			case int64:
				if v > longInt && v != math.MaxInt64 {
					c.AddInt(v)
				}
			case []byte:
				if len(v) == 16 && v[0] != 0 { // those that count up from nought are not unique
					c.AddBinary(v)
				}
			}
		}
	}
	return c.Needles()
}

// canaryIn finds the canary in a text.
func canaryIn(text string) string {
	i := strings.Index(text, "canary")
	if i < 0 {
		return ""
	}
	return canaryWord.FindString(text[i:])
}
