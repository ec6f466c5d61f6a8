// Package vaultkms is HashiCorp Vault, or OpenBao, as a KMS: a key of its transit engine wraps the keys. Configuration
// names it as "vault://HOST:PORT/MOUNT/KEY"; docs/kms.md has the options, the policy that it needs, and where
// credentials come from.
//
// A wrapped key is Vault's own ciphertext ("vault:v3:…"), which names the version of the transit key. It is bound to the
// associated data by the key's AEAD cipher; keys that have none are refused, and so is a server that takes the
// associated data and does not look at it.
package vaultkms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/hashicorp/vault/api"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// aeadTypes are the kinds of transit keys that bind associated data.
var aeadTypes = []string{"aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "xchacha20-poly1305"}

// KMS is a transit key. It implements keyring.KMS and is safe for concurrent use.
type KMS struct {
	at    address
	login login

	mu     sync.Mutex
	client *api.Client // logged in; nil before the first call and after a denial
}

// New takes the URL of a transit key. It reads the environment for how to log in, and does not connect.
func New(_ context.Context, u *url.URL) (*KMS, error) {
	at, err := parse(u)
	if err != nil {
		return nil, err
	}
	k := &KMS{at: at, login: login{method: at.auth, mount: at.authMount}}
	_, err = k.connection() // what is wrong with certificates shows now
	return k, err
}

// Wrap has the latest version of the transit key encrypt a key.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if err := remote.CheckSize(plaintext); err != nil {
		return nil, fmt.Errorf("%v: asked to wrap %w", k.at, err)
	}
	client, err := k.loggedIn(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.checkKey(ctx, client); err != nil {
		return nil, k.denied(err)
	}
	text := base64.StdEncoding.EncodeToString(plaintext)
	secret, err := client.Logical().WriteWithContext(ctx, k.at.path("encrypt"), map[string]any{
		"plaintext": text, "associated_data": base64.StdEncoding.EncodeToString(aad)})
	if err != nil {
		return nil, k.denied(k.fault("encrypt", err, client.Token(), text))
	}
	wrapped, ok := field(secret, "ciphertext")
	if !ok || wrapped == "" {
		return nil, k.noField("ciphertext")
	}
	return []byte(wrapped), k.checkBinding(ctx, client, wrapped, aad)
}

// Unwrap has Vault decrypt a key that Wrap encrypted under any version of the transit key that it still decrypts with.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	client, err := k.loggedIn(ctx)
	if err != nil {
		return nil, err
	}
	return k.decrypt(ctx, client, string(wrapped), aad)
}

func (k *KMS) decrypt(ctx context.Context, client *api.Client, wrapped string, aad []byte) ([]byte, error) {
	secret, err := client.Logical().WriteWithContext(ctx, k.at.path("decrypt"), map[string]any{
		"ciphertext": wrapped, "associated_data": base64.StdEncoding.EncodeToString(aad)})
	if err != nil {
		return nil, k.denied(k.fault("decrypt", err, client.Token()))
	}
	text, ok := field(secret, "plaintext")
	if !ok {
		return nil, k.noField("plaintext")
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil { // its text would quote the key
		return nil, fmt.Errorf("%v %w: a plaintext that is not base64", k.at, keyring.ErrAnswer)
	}
	return plain, nil
}

// checkKey sees that the key is there, as an encryption that finds none makes one where the policy lets it, and that it
// can bind associated data. A policy that does not let us look at the key is no fault: Vault then refuses by itself.
func (k *KMS) checkKey(ctx context.Context, client *api.Client) error {
	secret, err := client.Logical().ReadWithContext(ctx, k.at.path("keys"))
	if err != nil {
		if err = k.fault("keys", err, client.Token()); errors.Is(err, keyring.ErrDenied) {
			return nil
		}
		return err
	}
	if secret == nil {
		return k.noKey()
	}
	kind, ok := field(secret, "type")
	if !ok {
		return k.noField("type")
	}
	if derived, _ := secret.Data["derived"].(bool); derived || !slices.Contains(aeadTypes, kind) {
		if derived {
			kind = "derived " + kind
		}
		return fmt.Errorf("%v %w: it is of the type %s, which cannot bind what it encrypts; make one of the type aes256-gcm96 that is not derived",
			k.at, keyring.ErrKeyState, kind)
	}
	return nil
}

// checkBinding sees that other associated data does not open what was wrapped: a Vault before 1.9 takes the parameter
// and does not look at it.
func (k *KMS) checkBinding(ctx context.Context, client *api.Client, wrapped string, aad []byte) error {
	plain, err := k.decrypt(ctx, client, wrapped, append(slices.Clone(aad), "other"...))
	clear(plain)
	switch {
	case errors.Is(err, keyring.ErrWrongKey):
		return nil
	case err == nil:
		return fmt.Errorf("%v %w: it does not bind keys to their associated data; use Vault 1.9 or later, or OpenBao", k.at, keyring.ErrAnswer)
	}
	return err
}

// field is a string of an answer.
func field(secret *api.Secret, name string) (string, bool) {
	if secret == nil {
		return "", false
	}
	text, ok := secret.Data[name].(string)
	return text, ok
}

// String names the transit key.
func (k *KMS) String() string { return k.at.String() }
