package e2e_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/clients"
	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

const (
	rotations     = 200
	rotationPause = 250 * time.Millisecond
	faultEvery    = 6 // rotations between two faulty sets of files
)

// TestRotationUnderLoad replaces the proxy's certificate 200 times, and its CA every tenth time, while 500 connections
// of clients in several languages query encrypted tables and new ones come all the time, all with full verification.
// Nothing may fail, also not where the files are faulty in between.
func TestRotationUnderLoad(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		upstream, p, o := rotatingProxy(t, f)
		load := loadOn(t, p, o.bundle)
		_, _, err := newResumer(tls.VersionTLS13).login(p, o.bundle) // whatever is made once is there now
		must(t, err)
		before := resources(t, p)
		probes := startProber(p.Address, o.bundle)
		running := startClients(t, f, p, load)
		begun := time.Now()
		done := rotateAll(t, p, o, probes)
		took := time.Since(begun)
		sights := probes.end()
		must(t, os.WriteFile(load.Stop, nil, 0o600))
		reports := collect(t, running)
		t.Logf("%d rotations in %s\n%s\n%s", rotations, took.Round(time.Second), delayTable(sights, done), table(reports))
		probes.check(t, sights, done)
		wantCauses(t, p, done)
		checkReports(t, p, upstream, reports)
		before.wantBack(t, p)
		checkLog(t, p)
	})
}

// rotatingProxy is a proxy over an upstream of its own, with certificates of the test's operator.
func rotatingProxy(t *testing.T, f harness.Flavour) (*harness.Server, *harness.Proxy, *operator) {
	t.Helper()
	s, err := harness.StartServer(f, harness.ServerOptions{})
	must(t, err)
	t.Cleanup(s.Remove)
	p, err := harness.NewProxy(harness.ProxyOptions{Binary: proxyBinary(t), Upstream: s.Address, Flavour: f, Encrypt: []string{"shop"},
		Settings: map[string]string{"sslcert.names": `["localhost", "127.0.0.1"]`}})
	must(t, err)
	t.Cleanup(p.Remove)
	if out, code, err := p.Run("init", "-c", p.Config); err != nil || code != 0 {
		t.Fatalf("init: %d %v %s", code, err, out)
	}
	o := newOperator(t, filepath.Join(p.Dir, "certs"), filepath.Join(p.Dir, "clients-ca.pem"))
	must(t, p.Start())
	return s, p, o
}

// runningClient is one that was started.
type runningClient struct {
	kind   clients.Kind
	client clients.Client
}

// startClients returns when all connections stand.
func startClients(t *testing.T, f harness.Flavour, p *harness.Proxy, l *clients.Load) []runningClient {
	t.Helper()
	begun := time.Now()
	var all []runningClient
	want := 0
	for _, k := range clients.Kinds(f) {
		if err := k.Available(); err != nil {
			missing(t, err)
		}
		c, err := k.Start(l)
		must(t, err)
		t.Cleanup(c.Kill)
		all = append(all, runningClient{k, c})
		want += k.Connections
	}
	deadline := time.After(2 * time.Minute)
	for _, r := range all {
		select {
		case <-r.client.Ready():
		case <-deadline:
			t.Fatalf("%s has not connected within two minutes", r.kind.Name)
		}
	}
	got, err := p.Metric("tdeproxy_connections")
	must(t, err)
	if int(got) < want {
		must(t, os.WriteFile(l.Stop, nil, 0o600))
		t.Fatalf("%d connections, want %d\n%s", int(got), want, table(collect(t, all)))
	}
	t.Logf("%d connections after %s", int(got), time.Since(begun).Round(time.Second))
	return all
}

// rotateAll is the operator's day: good sets, and faulty ones between them, by every trigger in turn.
func rotateAll(t *testing.T, p *harness.Proxy, o *operator, probes *prober) []rotation {
	t.Helper()
	ways := triggers(t, p, o)
	resumers := []*resumer{newResumer(tls.VersionTLS12), newResumer(tls.VersionTLS13)}
	faults := faultsOf(ways)
	if len(faults) > rotations/faultEvery {
		t.Fatalf("%d faulty sets do not fit between %d rotations", len(faults), rotations)
	}
	done := []rotation{{"start", time.Now(), o.pair.Serial.String()}}
	for n := range rotations {
		pause := time.After(rotationPause)
		how := ways[n%len(ways)]
		o.rotate(t)
		r := rotation{how.name, time.Now(), o.pair.Serial.String()}
		must(t, how.pull())
		done = append(done, r)
		if _, err := probes.after(r.at, r.serial, 20*time.Second); err != nil {
			t.Errorf("rotation %d (%s): %v\n%s", n+1, how.name, err, tail(p.Log))
			return done // what the clients saw is of interest, too
		}
		resumers[n%2].afterRotation(t, p, o.bundle, r.serial)
		if i := n / faultEvery; n%faultEvery == 0 && i < len(faults) {
			faults[i].happen(t, p, o, probes)
		}
		<-pause
	}
	return done
}

// clientReport is what one kind has seen.
type clientReport struct {
	kind clients.Kind
	clients.Report
}

func collect(t *testing.T, all []runningClient) []clientReport {
	t.Helper()
	var reports []clientReport
	for _, r := range all {
		report, err := r.client.Report(2 * time.Minute)
		if err != nil {
			t.Errorf("%s: %v", r.kind.Name, err)
		}
		reports = append(reports, clientReport{r.kind, report})
	}
	return reports
}

// checkReports wants every connection to have lived and worked through all rotations, and nothing to have failed or got
// lost.
func checkReports(t *testing.T, p *harness.Proxy, upstream *harness.Server, reports []clientReport) {
	t.Helper()
	const leastSteps, leastOpened = 10, 20
	connections, inserts := 0, 0
	for _, r := range reports {
		connections += r.kind.Connections
		inserts += r.Inserts
		if r.Failed > 0 {
			t.Errorf("%s: %d failures:\n%s", r.kind.Name, r.Failed, strings.Join(r.Failures, "\n"))
		}
		if r.Kept != r.kind.Connections {
			t.Errorf("%s: %d connections of %d lived from start to end", r.kind.Name, r.Kept, r.kind.Connections)
		}
		if r.Queries < leastSteps*r.kind.Connections || r.Opened < leastOpened {
			t.Errorf("%s: %d queries, %d new connections: that is no load", r.kind.Name, r.Queries, r.Opened)
		}
	}
	if connections != 500 {
		t.Errorf("%d connections, want 500", connections)
	}
	c, err := p.Connect(rawmysql.Config{})
	must(t, err)
	defer c.Close()
	if got := column(t, c, "SELECT COUNT(*) FROM shop.visits"); got[0] != fmt.Sprint(inserts) {
		t.Errorf("%s rows were inserted, the clients count %d", got[0], inserts)
	}
	direct, err := upstream.Connect(rawmysql.Config{})
	must(t, err)
	defer direct.Close()
	if got := column(t, direct, "SELECT COUNT(*) FROM shop.visits WHERE text LIKE '%text of%'"); got[0] != "0" {
		t.Errorf("%s rows are in clear upstream", got[0])
	}
}

// usage is what a proxy that leaks has more of.
type usage struct{ goroutines, descriptors int }

func resources(t *testing.T, p *harness.Proxy) usage {
	t.Helper()
	descriptors, err := p.Metric("process_open_fds")
	must(t, err)
	return usage{goroutines(t, p), int(descriptors)}
}

// wantBack waits for what the load has used to be given back.
func (u usage) wantBack(t *testing.T, p *harness.Proxy) {
	t.Helper()
	wantGoroutines(t, p, u.goroutines)
	const slack = 10 // connections of the metrics client, pools
	now := usage{}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if now = resources(t, p); now.descriptors <= u.descriptors+slack {
			t.Logf("goroutines %d before and %d after, descriptors %d and %d", u.goroutines, now.goroutines, u.descriptors, now.descriptors)
			return
		}
	}
	t.Errorf("%d descriptors, %d before: they leak", now.descriptors, u.descriptors)
}

func table(reports []clientReport) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "client\tversion\tconnections\tkept\tqueries\tinserts\tnew connections\tfailures")
	total := clientReport{}
	for _, r := range reports {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", r.kind.Name, r.Version, r.kind.Connections, r.Kept, r.Queries, r.Inserts, r.Opened, r.Failed)
		total.kind.Connections += r.kind.Connections
		total.Kept += r.Kept
		total.Queries += r.Queries
		total.Inserts += r.Inserts
		total.Opened += r.Opened
		total.Failed += r.Failed
	}
	fmt.Fprintf(w, "all\t\t%d\t%d\t%d\t%d\t%d\t%d\n", total.kind.Connections, total.Kept, total.Queries, total.Inserts, total.Opened, total.Failed)
	w.Flush()
	return b.String()
}

func delayTable(sights []sight, done []rotation) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "trigger\trotations\tmedian until seen\tlongest")
	for name, d := range delays(sights, done) {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", name, len(d), d[len(d)/2].Round(time.Millisecond), d[len(d)-1].Round(time.Millisecond))
	}
	w.Flush()
	return fmt.Sprintf("%d probes\n%s", len(sights), b.String())
}
