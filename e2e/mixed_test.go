package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/differ"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// TestDifferentialMixed runs statements over tables of an encrypted database
// and of one that is not.
func TestDifferentialMixed(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		upstream, err := harness.StartServer(f, harness.ServerOptions{})
		must(t, err)
		t.Cleanup(upstream.Remove)
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: plainBinary(t), Upstream: upstream.Address, Flavour: f, Encrypt: []string{"d_join_text", "d_join_binary"}})
		must(t, err)
		t.Cleanup(p.Remove)
		s := &stage{flavour: f, plain: plainServer(t, f), upstream: upstream, proxy: p}
		for _, path := range corpora(t, "mixed") {
			for _, mode := range []differ.Mode{differ.Text, differ.Binary} {
				s.database(t, "mixed_open")
				t.Run(corpusName(path)+"/"+string(mode), func(t *testing.T) { runCorpus(t, s, p.Address, path, mode, false) })
			}
		}
		s.healthy(t)
	})
}
