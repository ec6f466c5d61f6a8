package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// probePause lies between two probes.
const probePause = 40 * time.Millisecond

// sight is what one new connection was shown.
type sight struct {
	begun, ended time.Time
	serial       string
	err          error
}

// prober connects all the time and notes the certificates that it is shown. It verifies them as clients do.
type prober struct {
	address, bundle string
	stop            chan struct{}
	done            chan struct{}

	mu     sync.Mutex
	sights []sight
}

func startProber(address, bundle string) *prober {
	p := &prober{address: address, bundle: bundle, stop: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

func (p *prober) run() {
	defer close(p.done)
	for {
		s := sight{begun: time.Now()}
		s.serial, s.err = p.probe()
		s.ended = time.Now()
		p.mu.Lock()
		p.sights = append(p.sights, s)
		p.mu.Unlock()
		select {
		case <-p.stop:
			return
		case <-time.After(probePause):
		}
	}
}

func (p *prober) probe() (string, error) {
	config, err := verifying(p.bundle)
	if err != nil {
		return "", err
	}
	state, err := harness.Probe(p.address, config, 10*time.Second)
	if err != nil {
		return "", err
	}
	return state.PeerCertificates[0].SerialNumber.String(), nil
}

// verifying is a TLS configuration for localhost with the CAs of a file.
func verifying(bundle string) (*tls.Config, error) {
	pem, err := os.ReadFile(bundle)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", bundle)
	}
	return &tls.Config{RootCAs: roots, ServerName: "localhost"}, nil
}

// end stops the prober and returns all that it saw.
func (p *prober) end() []sight {
	close(p.stop)
	<-p.done
	return p.sights
}

// after returns the first sight that began after a moment and was of the given certificate, or of any.
func (p *prober) after(moment time.Time, serial string, patience time.Duration) (sight, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		for i := len(p.sights) - 1; i >= 0 && p.sights[i].ended.After(moment); i-- {
			s := p.sights[i]
			if serial == s.serial || serial == "" && s.begun.After(moment) {
				p.mu.Unlock()
				return s, nil
			}
		}
		p.mu.Unlock()
		if time.Now().After(deadline) {
			last := p.last()
			return sight{}, fmt.Errorf("no new connection saw certificate %s within %s; the last saw %q (%w)", serial, patience, last.serial, last.err)
		}
	}
}

func (p *prober) last() sight {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.sights) == 0 {
		return sight{err: errors.New("nothing was seen yet")}
	}
	return p.sights[len(p.sights)-1]
}

// withinSecond is the promise: connections that begin this long after a rotation get the new certificate. On a machine
// that is starved everything is late, so as much is added as the slowest handshake meanwhile took: a few hundredths of a
// second where there is nothing else to do.
const withinSecond = time.Second

// rotation is one replacement of the certificate.
type rotation struct {
	trigger string
	at      time.Time // when the proxy was told
	serial  string
}

// check holds what the prober saw against the rotations: no failure, each certificate seen, never an older one after a
// newer, and none that was replaced more than a second before the connection began.
func (p *prober) check(t *testing.T, sights []sight, rotations []rotation) {
	t.Helper()
	order := map[string]int{}
	for i, r := range rotations {
		order[r.serial] = i
	}
	seen, late := map[string]bool{}, map[int]bool{}
	var newest int         // certificate of a sight that has ended
	var newestAt time.Time // when that sight ended
	for _, s := range sights {
		if s.err != nil {
			t.Errorf("probe at %s: %v", s.begun.Format(time.TimeOnly), s.err)
			continue
		}
		i, known := order[s.serial]
		if !known {
			t.Errorf("a certificate that nobody issued as a good one was served: serial %s", s.serial)
			continue
		}
		seen[s.serial] = true
		if i < newest && s.begun.After(newestAt) {
			t.Errorf("certificate %d was served after certificate %d", i, newest)
		}
		if i > newest {
			newest, newestAt = i, s.ended
		}
		if i+1 == len(rotations) || late[i+1] {
			continue
		}
		since := s.begun.Sub(rotations[i+1].at)
		if slack := slowest(sights, rotations[i+1].at, s.begun); since > withinSecond+slack {
			late[i+1] = true
			t.Errorf("a connection that began %s after rotation %d (%s) saw the certificate before it; the slowest handshake meanwhile took %s",
				since.Round(time.Millisecond), i+1, rotations[i+1].trigger, slack.Round(time.Millisecond))
		} else if since > withinSecond {
			t.Logf("rotation %d (%s) took more than a second: %s, of which the slowest handshake meanwhile accounts for %s",
				i+1, rotations[i+1].trigger, since.Round(time.Millisecond), slack.Round(time.Millisecond))
		}
	}
	if len(seen) != len(rotations) {
		t.Errorf("the prober saw %d certificates of %d", len(seen), len(rotations))
	}
}

// slowest is the longest handshake that ended between two moments.
func slowest(sights []sight, from, to time.Time) time.Duration {
	var d time.Duration
	for _, s := range sights {
		if s.ended.After(from) && s.ended.Before(to) {
			d = max(d, s.ended.Sub(s.begun))
		}
	}
	return d
}

// delays are the times from telling the proxy to the end of the first handshake with the new certificate.
func delays(sights []sight, rotations []rotation) map[string][]time.Duration {
	first := map[string]time.Time{}
	for _, s := range sights {
		if _, ok := first[s.serial]; !ok && s.err == nil {
			first[s.serial] = s.ended
		}
	}
	all := map[string][]time.Duration{}
	for _, r := range rotations[1:] {
		if at, ok := first[r.serial]; ok {
			all[r.trigger] = append(all[r.trigger], at.Sub(r.at))
		}
	}
	for _, d := range all {
		slices.Sort(d)
	}
	return all
}

// resumer logs in with TLS sessions that it keeps, in one version of TLS.
type resumer struct {
	version uint16
	cache   tls.ClientSessionCache
}

func newResumer(version uint16) *resumer {
	return &resumer{version, tls.NewLRUClientSessionCache(4)}
}

// login says whether the session was resumed and which certificate stands for it.
func (r *resumer) login(p *harness.Proxy, bundle string) (resumed bool, serial string, err error) {
	config, err := verifying(bundle)
	if err != nil {
		return false, "", err
	}
	config.MinVersion, config.MaxVersion, config.ClientSessionCache = r.version, r.version, r.cache
	c, err := p.Connect(rawmysql.Config{TLS: config})
	if err != nil {
		return false, "", err
	}
	defer c.Close()
	state := c.NetConn().(*tls.Conn).ConnectionState()
	return state.DidResume, state.PeerCertificates[0].SerialNumber.String(), nil
}

// afterRotation wants a session of the replaced certificate not to be resumed, and one of the new certificate to be.
func (r *resumer) afterRotation(t *testing.T, p *harness.Proxy, bundle, serial string) {
	t.Helper()
	for i, want := range []bool{false, true} {
		resumed, got, err := r.login(p, bundle)
		if err != nil {
			t.Errorf("%s, login %d after a rotation: %v", tls.VersionName(r.version), i+1, err)
		} else if resumed != want || got != serial {
			t.Errorf("%s, login %d after a rotation: resumed %t, want %t; certificate %s, want %s",
				tls.VersionName(r.version), i+1, resumed, want, got, serial)
		}
	}
}
