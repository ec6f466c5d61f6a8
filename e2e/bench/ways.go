package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// way is one address that leads to the server.
type way struct {
	name    string
	address string
	pid     int // of the process in between; 0 for none
	base    harness.Sysbench
	err     error // why it cannot be measured
}

// bench is a running comparison.
type bench struct {
	options
	dir     string
	server  *harness.Server
	ways    []*way
	results map[key][]float64 // transactions a second, a value per round
	closers []func()
}

// key names one cell of the table.
type key struct {
	load, way string
	threads   int
}

func start(o options) (b *bench, err error) {
	b = &bench{options: o, results: map[key][]float64{}}
	defer func() {
		if err != nil {
			b.stop()
		}
	}()
	if b.dir, err = os.MkdirTemp("", "tdeproxy-bench-"); err != nil {
		return b, err
	}
	fmt.Fprintf(os.Stderr, "starting %s …\n", o.server)
	if b.server, err = harness.StartServer(o.server, harness.ServerOptions{Pool: "1G"}); err != nil {
		return b, err
	}
	b.closers = append(b.closers, b.server.Remove)
	b.ways = append(b.ways, &way{name: "direct", address: b.server.Address})
	if err = b.startHAProxy(); err != nil {
		return b, err
	}
	if err = b.startForwarder(); err != nil {
		return b, err
	}
	return b, b.startProxies()
}

func (b *bench) stop() {
	for i := len(b.closers) - 1; i >= 0; i-- {
		b.closers[i]()
	}
	os.RemoveAll(b.dir)
}

// haproxyConfig is TCP mode with nothing but forwarding.
const haproxyConfig = `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen mysql
  bind %s
  server upstream %s
`

func (b *bench) startHAProxy() error {
	path, err := harness.Tool("haproxy")
	if err != nil {
		return err
	}
	port, err := harness.FreePort()
	if err != nil {
		return err
	}
	w := &way{name: "HAProxy", address: fmt.Sprintf("127.0.0.1:%d", port)}
	config := filepath.Join(b.dir, "haproxy.cfg")
	if err := os.WriteFile(config, fmt.Appendf(nil, haproxyConfig, w.address, b.server.Address), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(path, "-db", "-f", config)
	if err := cmd.Start(); err != nil {
		return err
	}
	w.pid = cmd.Process.Pid
	b.closers = append(b.closers, func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	b.ways = append(b.ways, w)
	return reachable(w.address)
}

func (b *bench) startForwarder() error {
	tap, err := harness.StartTap(b.server.Address, "")
	if err != nil {
		return err
	}
	b.closers = append(b.closers, func() { tap.Close() })
	b.ways = append(b.ways, &way{name: "bare forwarder", address: tap.Address, pid: os.Getpid()})
	return nil
}

// startProxies starts both, built without the race detector.
func (b *bench) startProxies() error {
	fmt.Fprintln(os.Stderr, "building the proxy …")
	binary, err := harness.BuildProxy(b.dir, false)
	if err != nil {
		return err
	}
	for _, w := range []struct {
		name      string
		encrypt   []string
		evaluator string
	}{{"proxy, clear", nil, "off"}, {"proxy, encrypted", []string{"*"}, ""}} {
		p, err := harness.StartProxy(harness.ProxyOptions{Binary: binary, Upstream: b.server.Address, Flavour: b.options.server,
			Encrypt: w.encrypt, Evaluator: w.evaluator})
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", w.name, err)
			b.ways = append(b.ways, &way{name: w.name, err: err})
			continue
		}
		b.closers = append(b.closers, p.Remove)
		b.ways = append(b.ways, &way{name: w.name, address: p.Address, pid: p.PID()})
	}
	return nil
}

func reachable(address string) error {
	var err error
	for range 50 {
		var c net.Conn
		if c, err = net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}
