package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// trigger is a way to have the proxy take new files into use.
type trigger struct {
	name  string
	pull  func() error
	fails uint16 // error code of pull where the files are faulty; 0 for none
}

const (
	bySignal    = "SIGHUP"
	byFiles     = "changed files" // the proxy sees them by itself
	byStatement = "ALTER INSTANCE RELOAD TLS"
)

// triggers are all of them.
func triggers(t *testing.T, p *harness.Proxy, o *operator) []trigger {
	t.Helper()
	// An administrator's connection, which lives as long as the load.
	config, err := verifying(o.bundle)
	must(t, err)
	c, err := p.Connect(rawmysql.Config{TLS: config})
	must(t, err)
	t.Cleanup(func() { c.Close() })
	const setupFailed = 3888
	_ = setupFailed
	return []trigger{
		{name: bySignal, pull: func() error { return syscall.Kill(p.PID(), syscall.SIGHUP) }},
		{name: byFiles, pull: func() error { return nil }},
		{name: byStatement, pull: func() error { return c.Exec(byStatement) }, fails: setupFailed},
	}
}

// fault is a faulty set of files, and how the proxy comes to look at it.
type fault struct {
	bad
	trigger
}

// faultsOf has each set by each trigger, but only a few by changed files: for five seconds those may be half-written
// ones, of which the proxy says nothing.
func faultsOf(all []trigger) []fault {
	few := map[string]bool{"expired": true, "another's key": true, "half-written certificate": true, "missing key": true}
	var faults []fault
	for _, how := range all {
		for _, b := range badSets() {
			if how.name != byFiles || few[b.name] {
				faults = append(faults, fault{b, how})
			}
		}
	}
	return faults
}

// happen puts the faulty set in the proxy's way, and wants it to say why it is not taken, and to go on with the
// certificate that it has.
func (f fault) happen(t *testing.T, p *harness.Proxy, o *operator, probes *prober) {
	t.Helper()
	what := f.bad.name + " (" + f.trigger.name + ")"
	generation := certificateMetric(t, p, "generation")
	failed := certificateMetric(t, p, `reloads_total{result="failed"}`)
	info, err := os.Stat(p.Log)
	must(t, err)
	served := o.pair.Serial.String()
	f.put(t, o)
	if err := f.pull(); f.fails != 0 {
		wantError(t, what, err, f.fails)
	} else {
		must(t, err)
	}
	wantReason(t, p, what, info.Size(), f.says)
	s, err := probes.after(time.Now(), "", 10*time.Second)
	must(t, err)
	if s.serial != served {
		t.Errorf("%s: certificate %s is served, want %s (%v)", what, s.serial, served, s.err)
	}
	if now := certificateMetric(t, p, "generation"); now != generation {
		t.Errorf("%s: generation %v after %v", what, now, generation)
	}
	if now := certificateMetric(t, p, `reloads_total{result="failed"}`); now <= failed {
		t.Errorf("%s: no failure was counted", what)
	}
	if certificateMetric(t, p, "files_unusable") != 1 {
		t.Errorf("%s: no metric says that the files are not usable", what)
	}
	// The next rotation brings a good pair; the CA is this.
	o.write(t, filepath.Join(o.dir, "ca.pem"), o.trusted())
}

func certificateMetric(t *testing.T, p *harness.Proxy, name string) float64 {
	t.Helper()
	v, err := p.Metric("tdeproxy_certificate_" + name)
	must(t, err)
	return v
}

// wantReason waits for the proxy's log to say, after offset, that a set was not taken and why.
func wantReason(t *testing.T, p *harness.Proxy, what string, offset int64, says string) {
	t.Helper()
	line := regexp.MustCompile(`(not reloaded|not usable).*` + regexp.QuoteMeta(says))
	var text []byte
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		all, err := os.ReadFile(p.Log)
		must(t, err)
		if text = all[offset:]; line.Match(text) {
			return
		}
	}
	t.Errorf("%s: the log does not say %q:\n%s", what, says, text)
}

// wantCauses holds the proxy's log against the rotations: each trigger has done its part. Files that changed are taken
// by nothing else; a signal or statement loads them again where the proxy has seen them first.
func wantCauses(t *testing.T, p *harness.Proxy, done []rotation) {
	t.Helper()
	text, err := os.ReadFile(p.Log)
	must(t, err)
	want := map[string]int{}
	for _, r := range done[1:] {
		want[r.trigger]++
	}
	got := map[string]int{}
	for line := range bytes.Lines(text) {
		switch {
		case !bytes.Contains(line, []byte("certificates reloaded")):
		case bytes.Contains(line, []byte("by a client's statement")):
			got[byStatement]++
		case bytes.Contains(line, []byte("files changed")):
			got[byFiles]++
		default:
			got[bySignal]++
		}
	}
	for trigger, n := range want {
		if got[trigger] < n {
			t.Errorf("the log has %d reloads by %s, want %d", got[trigger], trigger, n)
		}
	}
}
