// Package kmipkms is a KMIP server, as key managers and HSM appliances have it, as a KMS: a symmetric key in it wraps the
// keys by its operations Encrypt and Decrypt with AES-GCM. The wrapping key never leaves the server. Configuration names
// it as "kmip://HOST:PORT/NAME"; docs/kms.md has the options.
//
// Associated data came to KMIP with version 1.4, and earlier ones leave it out without a word: so each request says
// 1.4, and each wrapped key is seen not to open for other data.
package kmipkms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/payloads"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// A wrapped key: format | length of id (1) | id | nonce (12) | tag (16) | ciphertext (16).
const (
	format    = 0x01
	nonceSize = 12
	tagSize   = 16
	label     = "tdeproxy kmipkms wrap v1"
)

// KMS is a key in a KMIP server, found by its name. It implements keyring.KMS and is safe for concurrent use: each call
// has a connection of its own.
type KMS struct{ at address }

// New takes the URL of a key and reads the certificates that it names. It does not connect.
func New(_ context.Context, u *url.URL) (*KMS, error) {
	at, err := parse(u)
	return &KMS{at}, err
}

// sealed is a wrapped key, taken apart.
type sealed struct {
	id                 string // of the object that wrapped it: rotation makes another one under the same name
	nonce, tag, sealed []byte
}

// Wrap has the newest active key of the name encrypt a key.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if len(plaintext) != keyring.KeySize {
		return nil, fmt.Errorf("%v: asked to wrap %d bytes, keys have %d", k.at, len(plaintext), keyring.KeySize)
	}
	c, err := k.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.close()
	id, err := c.locate()
	if err != nil {
		return nil, err
	}
	s, err := c.encrypt(id, plaintext, aad)
	if err != nil {
		return nil, err
	}
	if err := c.checkBinding(s, aad); err != nil {
		return nil, err
	}
	wrapped := append([]byte{format, byte(len(id))}, id...)
	return append(append(append(wrapped, s.nonce...), s.tag...), s.sealed...), nil
}

// Unwrap has the key that wrapped decrypt; keyring.ErrWrongKey where the name or the data is another one.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	s, ok := split(wrapped)
	if !ok {
		return nil, fmt.Errorf("%v: the key %w: it does not come from a kmip: KMS; name the KMS that the keyring was made with", k.at, keyring.ErrWrongKey)
	}
	c, err := k.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.decrypt(s, aad)
}

func split(wrapped []byte) (s sealed, ok bool) {
	if len(wrapped) < 2 || wrapped[0] != format || len(wrapped) != 2+int(wrapped[1])+nonceSize+tagSize+keyring.KeySize || wrapped[1] == 0 {
		return s, false
	}
	id, rest := wrapped[2:2+int(wrapped[1])], wrapped[2+int(wrapped[1]):]
	return sealed{string(id), rest[:nonceSize], rest[nonceSize : nonceSize+tagSize], rest[nonceSize+tagSize:]}, true
}

// bind adds the key's name to the associated data, so that the identifier in a wrapped key, which nobody vouches for,
// leads to no key of another name.
func (k *KMS) bind(id string, aad []byte) []byte {
	b := append([]byte(label), byte(len(id)))
	b = append(append(b, id...), byte(len(k.at.key)))
	return append(append(b, k.at.key...), aad...)
}

// parameters of Encrypt and Decrypt.
func parameters() *kmip.CryptographicParameters {
	return &kmip.CryptographicParameters{CryptographicAlgorithm: kmip.CryptographicAlgorithmAES,
		BlockCipherMode: kmip.BlockCipherModeGCM, TagLength: tagSize}
}

func (c *connection) encrypt(id string, plaintext, aad []byte) (s sealed, err error) {
	s = sealed{id: id, nonce: make([]byte, nonceSize)}
	_, _ = rand.Read(s.nonce)
	answer, err := call[*payloads.EncryptResponsePayload](c, &payloads.EncryptRequestPayload{UniqueIdentifier: id,
		CryptographicParameters: parameters(), Data: plaintext, IVCounterNonce: s.nonce,
		AuthenticatedEncryptionAdditionalData: c.kms.bind(id, aad)})
	if err != nil {
		return s, err
	}
	s.tag, s.sealed = answer.AuthenticatedEncryptionTag, answer.Data
	if len(s.tag) != tagSize || len(s.sealed) != keyring.KeySize {
		return s, c.kms.answerFault("a ciphertext of %d bytes with a tag of %d", len(s.sealed), len(s.tag))
	}
	return s, nil
}

func (c *connection) decrypt(s sealed, aad []byte) ([]byte, error) {
	answer, err := call[*payloads.DecryptResponsePayload](c, &payloads.DecryptRequestPayload{UniqueIdentifier: s.id,
		CryptographicParameters: parameters(), Data: s.sealed, IVCounterNonce: s.nonce,
		AuthenticatedEncryptionTag: s.tag, AuthenticatedEncryptionAdditionalData: c.kms.bind(s.id, aad)})
	if err != nil {
		return nil, c.explain(s.id, err)
	}
	if len(answer.Data) != keyring.KeySize {
		return nil, c.kms.answerFault("a plaintext of %d bytes", len(answer.Data))
	}
	return answer.Data, nil
}

// explain finds out what a general failure to decrypt means, which is what some servers (PyKMIP) say of a tag that does
// not match: where the key encrypts, the server is well, and the wrapped key is not this key's.
func (c *connection) explain(id string, err error) error {
	var refused *refusal
	if !errors.As(err, &refused) || refused.reason != kmip.ResultReasonGeneralFailure {
		return err
	}
	if _, probe := c.encrypt(id, make([]byte, keyring.KeySize), nil); probe != nil {
		return err
	}
	return c.kms.wrongKey(refused.message)
}

// checkBinding sees that other associated data does not open what was wrapped.
func (c *connection) checkBinding(s sealed, aad []byte) error {
	plain, err := c.decrypt(s, append(append([]byte(nil), aad...), "other"...))
	clear(plain)
	switch {
	case errors.Is(err, keyring.ErrWrongKey):
		return nil
	case err == nil:
		return c.kms.answerFault("it does not bind keys to their associated data")
	}
	return err
}

// String names the key.
func (k *KMS) String() string { return k.at.String() }
