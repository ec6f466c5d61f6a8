package rawmysql

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // mysql_native_password is SHA-1
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
)

const (
	nativePassword = "mysql_native_password"
	cachingSHA2    = "caching_sha2_password"
)

type greeting struct {
	version      string
	id           uint32
	salt         []byte
	capabilities uint32
	extended     uint32 // MariaDB's
	plugin       string
}

func (c *Conn) handshake(cfg Config) error {
	packet, err := c.readPacket()
	if err != nil {
		return fmt.Errorf("reading greeting: %w", err)
	}
	if packet[0] == 0xff {
		return parseError(packet, false)
	}
	g, err := parseGreeting(packet)
	if err != nil {
		return err
	}
	c.ServerVersion, c.ConnectionID = g.version, g.id
	want := (baseCapabilities | cfg.Extra) &^ cfg.Drop
	if cfg.Database != "" {
		want |= ClientConnectWithDB
	}
	if cfg.TLS != nil {
		want |= ClientSSL
	}
	c.Capabilities = want & g.capabilities
	c.Extended = cfg.Extended & g.extended
	if cfg.TLS != nil {
		if g.capabilities&ClientSSL == 0 {
			return errors.New("server offers no TLS")
		}
		if err := c.startTLS(cfg); err != nil {
			return err
		}
	}
	if err := c.writePacket(c.handshakeResponse(cfg, g)); err != nil {
		return err
	}
	return c.finishAuth(cfg, g.plugin, g.salt)
}

func parseGreeting(p []byte) (g greeting, err error) {
	end := bytes.IndexByte(p, 0)
	if p[0] != 10 || end < 0 || len(p) < end+32 {
		return g, errors.New("greeting is not protocol 10")
	}
	g.version = string(p[1:end])
	p = p[end+1:]
	g.id = binary.LittleEndian.Uint32(p)
	g.salt = append(g.salt, p[4:12]...)
	g.capabilities = uint32(binary.LittleEndian.Uint16(p[13:]))
	g.capabilities |= uint32(binary.LittleEndian.Uint16(p[18:])) << 16
	if g.capabilities&ClientLongPassword == 0 {
		g.extended = binary.LittleEndian.Uint32(p[27:])
	}
	saltLen := int(p[20])
	p = p[31:]
	n := max(13, saltLen-8)
	if len(p) < n {
		return g, errors.New("greeting too short")
	}
	g.salt = append(g.salt, p[:n-1]...)
	p = p[n:]
	if end = bytes.IndexByte(p, 0); end >= 0 {
		p = p[:end]
	}
	g.plugin = string(p)
	return g, nil
}

func (c *Conn) responseHead(cfg Config) []byte {
	head := make([]byte, 32)
	binary.LittleEndian.PutUint32(head, c.Capabilities)
	binary.LittleEndian.PutUint32(head[4:], 1<<30)
	head[8] = cfg.Charset
	binary.LittleEndian.PutUint32(head[28:], c.Extended)
	return head
}

func (c *Conn) startTLS(cfg Config) error {
	if err := c.writePacket(c.responseHead(cfg)); err != nil {
		return err
	}
	t := tls.Client(c.net, cfg.TLS)
	if err := t.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	c.net = t
	c.r.Reset(t)
	return nil
}

func (c *Conn) handshakeResponse(cfg Config, g greeting) []byte {
	p := c.responseHead(cfg)
	p = append(p, cfg.User...)
	p = append(p, 0)
	answer := scramble(g.plugin, cfg.Password, g.salt)
	p = append(p, byte(len(answer)))
	p = append(p, answer...)
	if cfg.Database != "" {
		p = append(p, cfg.Database...)
		p = append(p, 0)
	}
	p = append(p, g.plugin...)
	return append(p, 0)
}

// finishAuth answers switch and more-data packets until OK or an error.
func (c *Conn) finishAuth(cfg Config, plugin string, salt []byte) error {
	for {
		p, err := c.readPacket()
		if err != nil {
			return fmt.Errorf("authenticating: %w", err)
		}
		switch {
		case len(p) == 0:
			return errors.New("authenticating: empty packet")
		case p[0] == 0x00:
			return nil
		case p[0] == 0xff:
			return parseError(p, true)
		case p[0] == 0xfe:
			name, rest, _ := bytes.Cut(p[1:], []byte{0})
			plugin, salt = string(name), bytes.TrimRight(rest, "\x00")
			err = c.writePacket(scramble(plugin, cfg.Password, salt))
		case p[0] == 0x01 && plugin == cachingSHA2 && len(p) == 2 && p[1] == 3:
			continue
		case p[0] == 0x01 && plugin == cachingSHA2:
			err = c.fullSHA2(cfg, salt)
		default:
			return fmt.Errorf("authenticating: unexpected packet %#x for plugin %s", p[0], plugin)
		}
		if err != nil {
			return err
		}
	}
}

func (c *Conn) fullSHA2(cfg Config, salt []byte) error {
	clear := append([]byte(cfg.Password), 0)
	if _, ok := c.net.(*tls.Conn); ok {
		return c.writePacket(clear)
	}
	if err := c.writePacket([]byte{2}); err != nil {
		return err
	}
	p, err := c.readPacket()
	if err != nil {
		return err
	}
	block, _ := pem.Decode(p[1:])
	if block == nil {
		return errors.New("authenticating: no public key in answer")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	for i := range clear {
		clear[i] ^= salt[i%len(salt)]
	}
	sealed, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key.(*rsa.PublicKey), clear, nil)
	if err != nil {
		return err
	}
	return c.writePacket(sealed)
}

func scramble(plugin, password string, salt []byte) []byte {
	if password == "" {
		return nil
	}
	if len(salt) > 20 {
		salt = salt[:20]
	}
	switch plugin {
	case nativePassword:
		h1 := sha1.Sum([]byte(password))
		h2 := sha1.Sum(h1[:])
		h3 := sha1.Sum(append(append([]byte{}, salt...), h2[:]...))
		for i := range h1 {
			h1[i] ^= h3[i]
		}
		return h1[:]
	case cachingSHA2:
		h1 := sha256.Sum256([]byte(password))
		h2 := sha256.Sum256(h1[:])
		h3 := sha256.Sum256(append(h2[:], salt...))
		for i := range h1 {
			h1[i] ^= h3[i]
		}
		return h1[:]
	}
	return nil
}

// ChangeUser sends COM_CHANGE_USER with the given credentials.
func (c *Conn) ChangeUser(user, password, database string) error {
	// An empty native answer makes the server switch to the account's own plugin with a fresh salt.
	p := append([]byte(user), 0, 0)
	p = append(append(p, database...), 0)
	p = append(p, c.config.Charset, 0)
	p = append(append(p, nativePassword...), 0)
	if err := c.command(comChangeUser, p); err != nil {
		return err
	}
	cfg := c.config
	cfg.User, cfg.Password = user, password
	return c.finishAuth(cfg, nativePassword, nil)
}
