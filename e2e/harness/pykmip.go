package harness

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// PyKMIP is a real KMIP server on a loopback port.
type PyKMIP struct {
	Host   string
	CA     *CertDir
	Client Certs // of the client "tdeproxy"
	Dir    string

	process *process
}

// StartPyKMIP runs one from Debian's python3-pykmip. With old its certificate is RSA's, for which it has cipher suites
// in CBC mode alone.
func StartPyKMIP(old bool) (*PyKMIP, error) {
	program, err := tool("pykmip-server")
	if err != nil {
		return nil, err
	}
	dir, err := scratchDir("", "tdeproxy-pykmip-")
	if err != nil {
		return nil, err
	}
	p := &PyKMIP{Dir: dir}
	if err := p.start(program, old); err != nil {
		p.Remove()
		return nil, fmt.Errorf("starting PyKMIP: %w", err)
	}
	return p, nil
}

func (p *PyKMIP) start(program string, old bool) (err error) {
	if p.CA, err = NewCertDir(filepath.Join(p.Dir, "certs")); err != nil {
		return err
	}
	key, err := NewServerKey(old)
	if err != nil {
		return err
	}
	server, err := p.CA.Server(key)
	if err != nil {
		return err
	}
	if p.Client, err = p.CA.Client("tdeproxy"); err != nil {
		return err
	}
	port, err := FreePort()
	if err != nil {
		return err
	}
	p.Host = fmt.Sprintf("127.0.0.1:%d", port)
	policies := filepath.Join(p.Dir, "policies")
	if err := os.Mkdir(policies, 0o700); err != nil {
		return err
	}
	config := filepath.Join(p.Dir, "server.conf")
	text := fmt.Sprintf("[server]\nhostname=127.0.0.1\nport=%d\ncertificate_path=%s\nkey_path=%s\nca_path=%s\nauth_suite=TLS1.2\npolicy_path=%s\n"+
		"enable_tls_client_auth=True\nlogging_level=INFO\ndatabase_path=%s\n", port, server.Cert, server.Key, server.CA, policies, filepath.Join(p.Dir, "db"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(program, "-f", config, "-l", filepath.Join(p.Dir, "server.log"))
	if p.process, err = startProcess(cmd, filepath.Join(p.Dir, "output")); err != nil {
		return err
	}
	return waitFor(time.Minute, p.process, func() error {
		c, err := net.DialTimeout("tcp", p.Host, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// Config is what a client of the server connects with.
func (p *PyKMIP) Config() (*tls.Config, error) {
	config, err := p.Client.clientConfig()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(p.Client.Cert, p.Client.Key)
	config.Certificates = []tls.Certificate{pair}
	return config, err
}

// URL is what keyring.kms has for a key of the name, used by a client.
func (p *PyKMIP) URL(name string, client Certs) string {
	options := url.Values{"ca": {client.CA}, "cert": {client.Cert}, "key": {client.Key}}
	return "kmip://" + p.Host + "/" + name + "?" + options.Encode()
}

// Stop ends it, and the process that it has begun for its policies, which would outlive it.
func (p *PyKMIP) Stop() {
	if p.process != nil {
		_ = syscall.Kill(-p.process.cmd.Process.Pid, syscall.SIGKILL) // startProcess made it a group's leader
		<-p.process.done
		p.process = nil
	}
}

// Remove ends it and deletes its state.
func (p *PyKMIP) Remove() {
	p.Stop()
	os.RemoveAll(p.Dir)
}
