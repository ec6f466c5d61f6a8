//go:build pkcs11

package pkcs11kms

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/miekg/pkcs11"

	"github.com/tdeproxy/tdeproxy/keyring"
)

const (
	nonceSize = 12
	// anyAccessByOthers are the permission bits that the file of the PIN must not have.
	anyAccessByOthers = 0o077
)

// session is a login to the token, for one call.
type session struct {
	kms    *KMS
	module *pkcs11.Ctx
	handle pkcs11.SessionHandle
}

// open initialises the module and logs in to the token.
func (k *KMS) open() (*session, error) {
	if err := k.module.Initialize(); err != nil {
		return nil, k.fault("initialising the module", err)
	}
	s := &session{kms: k, module: k.module}
	err := s.login()
	if err != nil {
		_ = k.module.Finalize()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	_ = s.module.Logout(s.handle)
	_ = s.module.CloseSession(s.handle)
	_ = s.module.Finalize()
}

func (s *session) login() error {
	slot, err := s.slot()
	if err != nil {
		return err
	}
	pin, _, err := keyring.ReadProtected("PIN file", s.kms.at.pinFile, anyAccessByOthers)
	if err != nil {
		return fmt.Errorf("%v %w: %w; see pin-source", s.kms.at, keyring.ErrDenied, err)
	}
	defer clear(pin)
	if s.handle, err = s.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		return s.kms.fault("opening a session", err)
	}
	if err := s.module.Login(s.handle, pkcs11.CKU_USER, string(bytes.TrimRight(pin, "\r\n"))); err != nil {
		_ = s.module.CloseSession(s.handle)
		return s.kms.fault("logging in", err)
	}
	return nil
}

// slot finds the token.
func (s *session) slot() (uint, error) {
	slots, err := s.module.GetSlotList(true)
	if err != nil {
		return 0, s.kms.fault("listing tokens", err)
	}
	at := s.kms.at
	for _, slot := range slots {
		info, err := s.module.GetTokenInfo(slot)
		if err == nil && (at.token == "" || padded(info.Label) == at.token) && (at.serial == "" || padded(info.SerialNumber) == at.serial) {
			return slot, nil
		}
	}
	return 0, fmt.Errorf("%v %w: there is no such token among %d; connect it, or name another", at, keyring.ErrUnavailable, len(slots))
}

// padded is a string of PKCS#11, which blanks fill up.
func padded(s string) string { return strings.TrimRight(s, " \x00") }

// find looks for the AES key of the URI's label and, where it is not empty, of an id. It gives the key's id.
func (s *session) find(id []byte) (pkcs11.ObjectHandle, []byte, error) {
	found, err := s.search(s.kms.at.object, id)
	switch {
	case err != nil:
		return 0, nil, err
	case len(found) == 0:
		return 0, nil, s.noKey(id)
	case len(found) > 1:
		return 0, nil, fmt.Errorf("%v %w: several keys have this label and id; say by id which one wraps", s.kms.at, keyring.ErrKeyState)
	}
	values, err := s.module.GetAttributeValue(s.handle, found[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
	if err != nil {
		return 0, nil, s.kms.fault("reading the key's id", err)
	}
	if len(values[0].Value) > 255 {
		return 0, nil, fmt.Errorf("%v %w: its id has more than 255 bytes; give it a shorter one", s.kms.at, keyring.ErrKeyState)
	}
	return found[0], values[0].Value, nil
}

// search lists up to two AES keys of a label and an id, each where it is not empty.
func (s *session) search(object string, id []byte) ([]pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_AES),
	}
	if object != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, object))
	}
	if len(id) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	}
	if err := s.module.FindObjectsInit(s.handle, template); err != nil {
		return nil, s.kms.fault("looking for the key", err)
	}
	found, _, err := s.module.FindObjects(s.handle, 2)
	_ = s.module.FindObjectsFinal(s.handle)
	if err != nil {
		return nil, s.kms.fault("looking for the key", err)
	}
	return found, nil
}

// noKey says why there is no key of the label and id: it has another label, so that the wrapped key is another's, or it
// is not there at all.
func (s *session) noKey(id []byte) error {
	if len(id) > 0 {
		if others, err := s.search("", id); err == nil && len(others) > 0 {
			return fmt.Errorf("%v: the key %w: a key of another label wrapped it; name that one", s.kms.at, keyring.ErrWrongKey)
		}
		return fmt.Errorf("%v %w: there is no AES key of this label and the id %x; restore it, or name the one that the keyring was made with",
			s.kms.at, keyring.ErrKeyState, id)
	}
	return fmt.Errorf("%v %w: there is no AES key of this label; make one that is sensitive and not extractable", s.kms.at, keyring.ErrKeyState)
}

// checkKey refuses keys that could leave the token.
func (s *session) checkKey(key pkcs11.ObjectHandle) error {
	values, err := s.module.GetAttributeValue(s.handle, key, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, nil), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, nil)})
	if err != nil {
		return s.kms.fault("reading what the key may do", err)
	}
	if !bytes.Equal(values[0].Value, []byte{pkcs11.CK_FALSE}) || bytes.Equal(values[1].Value, []byte{pkcs11.CK_FALSE}) {
		return fmt.Errorf("%v %w: the key could leave the token; make one that is sensitive and not extractable", s.kms.at, keyring.ErrKeyState)
	}
	return nil
}

func (s *session) encrypt(key pkcs11.ObjectHandle, plaintext, aad []byte) (nonce, sealed []byte, err error) {
	nonce = make([]byte, nonceSize)
	_, _ = rand.Read(nonce)
	params := pkcs11.NewGCMParams(nonce, aad, 8*tagSize)
	defer params.Free()
	if err := s.module.EncryptInit(s.handle, gcm(params), key); err != nil {
		return nil, nil, s.kms.fault("encrypting", err)
	}
	if sealed, err = s.module.Encrypt(s.handle, plaintext); err != nil {
		return nil, nil, s.kms.fault("encrypting", err)
	}
	nonce = params.IV() // some tokens take one of their own
	if len(nonce) == 0 || len(nonce) > 255 || len(sealed) != len(plaintext)+tagSize {
		return nil, nil, fmt.Errorf("%v %w: a ciphertext of %d bytes; see that the module is right", s.kms.at, keyring.ErrAnswer, len(sealed))
	}
	return nonce, sealed, nil
}

func (s *session) decrypt(key pkcs11.ObjectHandle, nonce, sealed, aad []byte) ([]byte, error) {
	params := pkcs11.NewGCMParams(nonce, aad, 8*tagSize)
	defer params.Free()
	if err := s.module.DecryptInit(s.handle, gcm(params), key); err != nil {
		return nil, s.kms.fault("decrypting", err)
	}
	plain, err := s.module.Decrypt(s.handle, sealed)
	if err == nil {
		return plain, nil
	}
	if refusesTag(err) {
		return nil, s.kms.wrongKey(err)
	}
	// Tokens say of a tag that does not match whatever they like (SoftHSM: a general error): where the key encrypts,
	// the token is well, and the wrapped key is not this key's.
	if _, _, probe := s.encrypt(key, make([]byte, keyring.KeySize), nil); probe == nil {
		return nil, s.kms.wrongKey(err)
	}
	return nil, s.kms.fault("decrypting", err)
}

func gcm(params *pkcs11.GCMParams) []*pkcs11.Mechanism {
	return []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_GCM, params)}
}
