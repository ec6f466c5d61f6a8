//go:build pkcs11

package pkcs11kms_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
	"github.com/tdeproxy/tdeproxy/keyring/pkcs11kms"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lab is a SoftHSM token with the keys cmk (id 1) and other (id 2).
type lab struct{ *harness.SoftHSM }

func start(t *testing.T) *lab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	h, err := harness.NewSoftHSM()
	if errors.Is(err, harness.ErrNoServer) {
		kmstest.Need(t, err)
	}
	must(t, err)
	t.Cleanup(h.Remove)
	t.Setenv("SOFTHSM2_CONF", h.Config)
	l := &lab{h}
	l.create(t, "cmk", "\x01")
	l.create(t, "other", "\x02")
	return l
}

// admin calls f in a session that may write.
func (l *lab) admin(t testing.TB, f func(m *pkcs11.Ctx, s pkcs11.SessionHandle) error) {
	t.Helper()
	m := pkcs11.New(l.Module)
	must(t, m.Initialize())
	defer func() { _ = m.Finalize() }()
	slots, err := m.GetSlotList(true)
	must(t, err)
	for _, slot := range slots {
		info, err := m.GetTokenInfo(slot)
		must(t, err)
		if strings.TrimRight(info.Label, " \x00") != l.Token {
			continue
		}
		s, err := m.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		must(t, err)
		must(t, m.Login(s, pkcs11.CKU_USER, l.PIN))
		must(t, f(m, s))
		must(t, m.CloseSession(s))
		return
	}
	t.Fatalf("no token %q", l.Token)
}

// create makes a 256-bit AES key that cannot leave the token; more attributes replace what it has.
func (l *lab) create(t testing.TB, label, id string, more ...*pkcs11.Attribute) {
	t.Helper()
	attributes := map[uint]*pkcs11.Attribute{}
	for _, a := range append([]*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_LABEL, label), pkcs11.NewAttribute(pkcs11.CKA_ID, id),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
	}, more...) {
		attributes[a.Type] = a
	}
	var template []*pkcs11.Attribute
	for _, a := range attributes {
		template = append(template, a)
	}
	l.admin(t, func(m *pkcs11.Ctx, s pkcs11.SessionHandle) error {
		_, err := m.GenerateKey(s, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, template)
		return err
	})
}

func (l *lab) destroy(t testing.TB, id string) {
	t.Helper()
	l.admin(t, func(m *pkcs11.Ctx, s pkcs11.SessionHandle) error {
		if err := m.FindObjectsInit(s, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, id)}); err != nil {
			return err
		}
		found, _, err := m.FindObjects(s, 1)
		if err == nil && len(found) != 1 {
			err = errors.New("no such key")
		}
		if err := errors.Join(err, m.FindObjectsFinal(s)); err != nil {
			return err
		}
		return m.DestroyObject(s, found[0])
	})
}

// uri of a key; path has the attributes after the token's.
func (l *lab) uri(path string) string {
	return "pkcs11:token=" + url.PathEscape(l.Token) + ";" + path + "?module-path=" + l.Module + "&pin-source=file:" + l.PINAt
}

func open(t testing.TB, uri string) *pkcs11kms.KMS {
	t.Helper()
	u, err := url.Parse(uri)
	must(t, err)
	kms, err := pkcs11kms.New(context.Background(), u)
	must(t, err)
	return kms
}

func (l *lab) subject() kmstest.Subject {
	return kmstest.Subject{
		Name:    "pkcs11:object=",
		Open:    func(t testing.TB) keyring.KMS { return open(t, l.uri("object=cmk")) },
		Other:   func(t testing.TB) keyring.KMS { return open(t, l.uri("object=other")) },
		Secrets: []string{l.PIN},
	}
}

func TestContract(t *testing.T) {
	l := start(t)
	unplug := func(t testing.TB) {
		must(t, os.Rename(filepath.Join(l.Dir, "tokens"), filepath.Join(l.Dir, "unplugged")))
		must(t, os.Mkdir(filepath.Join(l.Dir, "tokens"), 0o700))
	}
	kmstest.Real{Subject: l.subject(), Stop: unplug, Stopped: keyring.ErrUnavailable}.Run(t)
}

// A new key of the same label wraps once the URI names it; what the old one wrapped still opens.
func TestRotation(t *testing.T) {
	l := start(t)
	s := l.subject()
	key, aad := kmstest.NewKey()
	old := kmstest.MustWrap(t, s.Open(t), key, aad)
	l.create(t, "cmk", "\x03")
	_, err := s.Open(t).Wrap(kmstest.Bounded(t), key, aad)
	s.Check(t, "which of two", err, keyring.ErrKeyState, key)
	rotated := open(t, l.uri("object=cmk;id=%03"))
	fresh := kmstest.MustWrap(t, rotated, key, aad)
	kmstest.MustUnwrap(t, rotated, old, aad, key)
	kmstest.MustUnwrap(t, rotated, fresh, aad, key)
	kmstest.MustUnwrap(t, s.Open(t), fresh, aad, key)
	l.destroy(t, "\x01")
	kmstest.MustUnwrap(t, rotated, fresh, aad, key)
	_, err = rotated.Unwrap(kmstest.Bounded(t), old, aad)
	s.Check(t, "destroyed", err, keyring.ErrKeyState, key)
}

func TestKeys(t *testing.T) {
	l := start(t)
	s := l.subject()
	key, aad := kmstest.NewKey()
	l.create(t, "extractable", "\x11", pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, true))
	l.create(t, "clear", "\x12", pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, false))
	l.create(t, "signs", "\x13", pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, false))
	for _, label := range []string{"absent", "extractable", "clear", "signs"} {
		_, err := open(t, l.uri("object="+label)).Wrap(kmstest.Bounded(t), key, aad)
		s.Check(t, label, err, keyring.ErrKeyState, key)
	}
	wrapped := kmstest.MustWrap(t, s.Open(t), key, aad)
	l.destroy(t, "\x01")
	s.Both(t, "destroyed", s.Open(t), wrapped, keyring.ErrKeyState)
}

func TestPIN(t *testing.T) {
	l := start(t)
	s := l.subject()
	key, aad := kmstest.NewKey()
	wrapped := kmstest.MustWrap(t, s.Open(t), key, aad)
	must(t, os.Chmod(l.PINAt, 0o644))
	s.Both(t, "readable PIN", s.Open(t), wrapped, keyring.ErrDenied)
	must(t, os.Chmod(l.PINAt, 0o600))
	must(t, os.WriteFile(l.PINAt, []byte("canary-of-a-pin-that-is-wrong"), 0o600))
	s.Both(t, "wrong PIN", s.Open(t), wrapped, keyring.ErrDenied)
	must(t, os.Remove(l.PINAt))
	s.Both(t, "no PIN", s.Open(t), wrapped, keyring.ErrDenied)
	must(t, os.WriteFile(l.PINAt, []byte(l.PIN), 0o600))
	kmstest.MustUnwrap(t, s.Open(t), wrapped, aad, key)
	gone := s
	gone.Name = "another%20token"
	gone.Both(t, "no token", open(t, strings.Replace(l.uri("object=cmk"), url.PathEscape(l.Token), "another%20token", 1)), wrapped, keyring.ErrUnavailable)
}

func TestURIs(t *testing.T) {
	l := start(t)
	query := "?module-path=" + l.Module + "&pin-source=file:/run/pin"
	for uri, want := range map[string]string{
		"pkcs11:token=t;object=o" + query:                              "",
		"pkcs11:serial=1;object=o;id=%01%02;type=secret-key" + query:   "",
		"pkcs11:token=t" + query:                                       "pkcs11:token=TOKEN",
		"pkcs11:object=o" + query:                                      "pkcs11:token=TOKEN",
		"pkcs11:token=t;object=o":                                      "attribute",
		"pkcs11:token=t;object=o?module-path=" + l.Module:              "pin-source",
		"pkcs11://h/token=t;object=o" + query:                          "pkcs11:token=TOKEN",
		"pkcs11:token=t;object=o;slot=1" + query:                       "slot",
		"pkcs11:token=t;object=o;type=private" + query:                 "secret-key",
		"pkcs11:token=t;object=o" + query + "&pin-value=canary":        "pin-source",
		"pkcs11:token=t;object=o" + query + "&pin=canary":              "pin-source",
		"pkcs11:token=t;object=o?module-path=/none.so&pin-source=/pin": "/none.so",
	} {
		u, err := url.Parse(uri)
		must(t, err)
		_, err = pkcs11kms.New(context.Background(), u)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
