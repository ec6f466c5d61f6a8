package session

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"sync"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
)

const rsaBits = 2048 // as mysqld makes its own

// rsaKey is the key pair that clients in clear encrypt their password for, made when the first one asks.
type rsaKey struct {
	once    sync.Once
	private *rsa.PrivateKey
	public  []byte // PEM
	err     error
}

func (k *rsaKey) get() (*rsa.PrivateKey, []byte, error) {
	k.once.Do(func() {
		if k.private, k.err = rsa.GenerateKey(rand.Reader, rsaBits); k.err != nil {
			return
		}
		der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
		k.public, k.err = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
	})
	return k.private, k.public, k.err
}

// bridge does caching_sha2_password's full authentication where only one side is protected: there the password travels as
// it is, on the other side encrypted with the RSA key of whoever receives it. request is upstream's packet that asks for it.
func (s *Session) bridge(request []byte) error {
	password, err := s.askPassword(request)
	defer func() { clear(password) }()
	if err != nil {
		return err
	}
	if s.server.Secure() {
		return s.send(password)
	}
	if err := s.send([]byte{publicKeyRequest}); err != nil {
		return err
	}
	packet, err := s.up.ReadPacket()
	if err != nil {
		return s.lost(err)
	}
	if wire.IsError(packet) {
		if err := s.tell(packet); err != nil {
			return err
		}
		return errDenied
	}
	key, err := publicKey(packet)
	if err != nil {
		return s.lost(err)
	}
	// MySQL's choice: OAEP with SHA-1.
	sealed, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, key, s.scrambled(password), nil)
	if err != nil {
		return s.lost(err)
	}
	return s.send(sealed)
}

// askPassword gets the password, with the zero byte after it, from the client.
func (s *Session) askPassword(request []byte) ([]byte, error) {
	reply, err := s.ask(request)
	if err != nil {
		return nil, err
	}
	if s.secure {
		return append([]byte(nil), reply...), nil
	}
	private, public, err := s.handler.key.get()
	if err != nil {
		return nil, err
	}
	if len(reply) == 1 && reply[0] == publicKeyRequest {
		if reply, err = s.ask(wire.AuthMore{Data: public}.Append(nil)); err != nil {
			return nil, err
		}
	}
	password, err := rsa.DecryptOAEP(sha1.New(), nil, private, reply, nil)
	if err != nil {
		return nil, s.refuse(wire.NewError(wire.CodeAccessDenied, "Access denied for user '%s'", s.user))
	}
	return s.scrambled(password), nil
}

// scrambled is password XOR scramble, both ways.
func (s *Session) scrambled(password []byte) []byte {
	out := make([]byte, len(password))
	for i, c := range password {
		if len(s.scramble) > 0 {
			c ^= s.scramble[i%len(s.scramble)]
		}
		out[i] = c
	}
	return out
}

// publicKey reads the RSA key that a server sends as AuthMoreData.
func publicKey(packet []byte) (*rsa.PublicKey, error) {
	more, err := wire.DecodeAuthMore(packet)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(more.Data)
	if block == nil {
		return nil, errors.New("session: upstream sent no public key")
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := any.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("session: upstream's public key is not RSA")
	}
	return key, nil
}
