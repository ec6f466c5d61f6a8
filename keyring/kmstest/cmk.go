package kmstest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
)

// errOpen is all that a KMS tells of a ciphertext that it does not open.
var errOpen = errors.New("invalid ciphertext")

// CMK is a key of a KMS in tests: AES-GCM, with versions, of which the last one wraps and all open.
type CMK struct {
	mu       sync.Mutex
	versions []cipher.AEAD
}

// NewCMK makes a key of one version.
func NewCMK() *CMK {
	c := &CMK{}
	c.Rotate()
	return c
}

// Rotate adds a version.
func (c *CMK) Rotate() {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions = append(c.versions, aead)
}

// Seal gives a ciphertext under the last version, whose number, from 1, stands in front.
func (c *CMK) Seal(plaintext, context []byte) (blob []byte, version int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	version = len(c.versions)
	blob = binary.BigEndian.AppendUint32(nil, uint32(version))
	return c.versions[version-1].Seal(blob, nil, plaintext, context), version
}

// Open opens what Seal gave for the same context.
func (c *CMK) Open(blob, context []byte) (plaintext []byte, version int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(blob) < 4 {
		return nil, 0, errOpen
	}
	version = int(binary.BigEndian.Uint32(blob))
	if version < 1 || version > len(c.versions) {
		return nil, 0, errOpen
	}
	plaintext, err = c.versions[version-1].Open(nil, nil, blob[4:], context)
	if err != nil {
		return nil, 0, errOpen
	}
	return plaintext, version, nil
}
