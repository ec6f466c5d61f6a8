package harness

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// ProxyOptions choose how the proxy runs. The zero value encrypts nothing.
type ProxyOptions struct {
	Binary    string            // of BuildProxy
	Upstream  string            // host:port
	Flavour   Flavour           // whose binary the evaluator runs
	Encrypt   []string          // databases, "*" or "db.table-pattern"; none: nothing is designated
	Settings  map[string]string // "section.key" to a TOML value, over what the harness sets
	Evaluator string            // "off" to have none; empty: the flavour's binary
	Extra     string            // appended to the configuration
	User      string            // the proxy's own account; root without a password when empty
}

// Proxy is a running tdeproxy.
type Proxy struct {
	Address string // host:port for clients
	Admin   string // host:port of metrics and health
	Dir     string // configuration, keys, certificates
	Config  string // path of the configuration file
	Log     string // path of its output
	Output  string // directory of the evaluator

	binary  string
	process atomic.Pointer[process]
	killing sync.Mutex // whoever comes second waits until the process is gone
}

// BinaryEnv names a proxy that is built already, to be tested as it is.
const BinaryEnv = "TDEPROXY_TEST_BINARY"

// BuildProxy compiles cmd/tdeproxy into dir, with the race detector when race
// is set and this machine can build it; or it gives what BinaryEnv names.
func BuildProxy(dir string, race bool) (string, error) {
	if path := os.Getenv(BinaryEnv); path != "" {
		return path, nil
	}
	out := filepath.Join(dir, "tdeproxy")
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	build := func(flags ...string) error {
		args := append(append([]string{"build"}, flags...), "-o", out, "./cmd/tdeproxy")
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building tdeproxy: %w\n%s", err, lastLines(string(text), 20))
		}
		return nil
	}
	if race {
		if err = build("-race"); err == nil {
			return out, nil
		}
		if !strings.Contains(err.Error(), "cgo") && !strings.Contains(err.Error(), "gcc") {
			return "", err
		}
	}
	return out, build()
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// NewProxy writes a configuration into a new directory and does not start.
func NewProxy(o ProxyOptions) (*Proxy, error) {
	dir, err := scratchDir("", "tdeproxy-proxy-")
	if err != nil {
		return nil, err
	}
	p := &Proxy{Dir: dir, Config: filepath.Join(dir, "tdeproxy.toml"), Log: filepath.Join(dir, "proxy.log"), Output: filepath.Join(dir, "evaluator"), binary: o.Binary}
	for _, address := range []*string{&p.Address, &p.Admin} {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		*address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	text, err := p.configuration(o)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return p, os.WriteFile(p.Config, []byte(text), 0o600)
}

// StartProxy is NewProxy and Start.
func StartProxy(o ProxyOptions) (*Proxy, error) {
	p, err := NewProxy(o)
	if err != nil {
		return nil, err
	}
	if err := p.Start(); err != nil {
		p.Remove()
		return nil, err
	}
	return p, nil
}

func (p *Proxy) configuration(o ProxyOptions) (string, error) {
	evaluator := o.Evaluator
	if evaluator == "" {
		binary, err := o.Flavour.Binary()
		if err != nil {
			return "", err
		}
		evaluator = binary
	}
	user := o.User
	if user == "" {
		user = "root"
	}
	settings := map[string]string{
		"listen.address":   strconv.Quote(p.Address),
		"upstream.address": strconv.Quote(o.Upstream), "upstream.user": strconv.Quote(user), "upstream.tls": `"disabled"`,
		"sslcert.dir":  strconv.Quote(filepath.Join(p.Dir, "certs")),
		"keyring.file": strconv.Quote(filepath.Join(p.Dir, "keyring.json")), "keyring.kms": strconv.Quote("file:" + filepath.Join(p.Dir, "master.key")),
		"evaluator.server": strconv.Quote(evaluator), "evaluator.dir": strconv.Quote(p.Output),
		"admin.address": strconv.Quote(p.Admin),
	}
	for k, v := range o.Settings {
		settings[k] = v
	}
	var b strings.Builder
	for _, section := range []string{"listen", "upstream", "sslcert", "keyring", "evaluator", "admin", "log", "audit", "trace"} {
		fmt.Fprintf(&b, "[%s]\n", section)
		for k, v := range settings {
			if name, key, _ := strings.Cut(k, "."); name == section {
				fmt.Fprintf(&b, "%s = %s\n", key, v)
			}
		}
	}
	for _, rule := range o.Encrypt {
		database, tables, _ := strings.Cut(rule, ".")
		fmt.Fprintf(&b, "[[encrypt]]\ndatabase = %q\n", database)
		if tables != "" {
			fmt.Fprintf(&b, "tables = [%q]\n", tables)
		}
	}
	return b.String() + o.Extra, nil
}

// Start runs `tdeproxy serve` and waits until a client gets through.
func (p *Proxy) Start() error { return p.StartWithin(60 * time.Second) }

// StartWithin is Start that gives up after a time.
func (p *Proxy) StartWithin(limit time.Duration) error {
	process, err := startProcess(exec.Command(p.binary, "serve", "-c", p.Config), p.Log)
	if err != nil {
		return err
	}
	p.process.Store(process)
	err = waitFor(limit, process, func() error {
		c, err := net.DialTimeout("tcp", p.Address, time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		// The greeting is upstream's: it comes when the whole path stands.
		_ = c.SetDeadline(time.Now().Add(min(limit, 10*time.Second)))
		_, err = bufio.NewReader(c).Peek(5)
		return err
	})
	if err != nil {
		p.Kill()
		return fmt.Errorf("starting proxy: %w", err)
	}
	return nil
}

// Run executes another verb of the binary on this configuration and returns
// output and exit code.
func (p *Proxy) Run(args ...string) (string, int, error) {
	cmd := exec.Command(p.binary, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return "", -1, err
	}
	return string(out), cmd.ProcessState.ExitCode(), nil
}

// Connect dials the proxy with the raw client; Address is filled in.
func (p *Proxy) Connect(c rawmysql.Config) (*rawmysql.Conn, error) {
	c.Address = p.Address
	return rawmysql.Dial(c)
}

// PID of the running proxy.
func (p *Proxy) PID() int { return p.process.Load().cmd.Process.Pid }

// Running says whether the process still lives.
func (p *Proxy) Running() bool { return p.process.Load().running() }

// Terminate sends SIGTERM and returns the exit code.
func (p *Proxy) Terminate(timeout time.Duration) (int, error) {
	process := p.process.Load()
	if process == nil {
		return 0, nil
	}
	code, err := process.stop(timeout)
	p.process.Store(nil)
	return code, err
}

// Kill ends the proxy as kill -9 does; its directory stays.
func (p *Proxy) Kill() {
	p.killing.Lock()
	defer p.killing.Unlock()
	if process := p.process.Swap(nil); process != nil {
		process.kill()
	}
}

// Remove kills the proxy and deletes its directory.
func (p *Proxy) Remove() {
	p.Kill()
	os.RemoveAll(p.Dir)
}

// Metric reads one sample of /metrics by its full name (with labels, as
// printed).
func (p *Proxy) Metric(name string) (float64, error) {
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Get("http://" + p.Admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// RSS is a process's resident memory in bytes, from /proc.
func RSS(pid int) (int64, error) { return procStatus(pid, "VmRSS:") }

// PeakRSS is the highest RSS so far, in bytes.
func PeakRSS(pid int) (int64, error) { return procStatus(pid, "VmHWM:") }

func procStatus(pid int, field string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field); ok {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/%d/status", field, pid)
}
