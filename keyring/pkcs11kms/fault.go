//go:build pkcs11

package pkcs11kms

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// classes of what a module says; anything else is keyring.ErrAnswer.
var classes = []struct {
	class  error
	remedy string
	codes  []pkcs11.Error
}{
	{keyring.ErrDenied, "see that the PIN of pin-source is right, before the token locks it", []pkcs11.Error{
		pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED}},
	{keyring.ErrDenied, "have the token's security officer set the user PIN anew", []pkcs11.Error{
		pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_USER_PIN_NOT_INITIALIZED}},
	{keyring.ErrDenied, "allow the user to use the key", []pkcs11.Error{
		pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_USER_TYPE_INVALID, pkcs11.CKR_ACTION_PROHIBITED}},
	{keyring.ErrKeyState, "use an AES key that may encrypt and decrypt, in a token that has CKM_AES_GCM", []pkcs11.Error{
		pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED, pkcs11.CKR_KEY_TYPE_INCONSISTENT, pkcs11.CKR_KEY_SIZE_RANGE,
		pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID}},
	{keyring.ErrUnavailable, "see that the token is connected and works", []pkcs11.Error{
		pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_DEVICE_MEMORY, pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_TOKEN_NOT_PRESENT,
		pkcs11.CKR_TOKEN_NOT_RECOGNIZED, pkcs11.CKR_SLOT_ID_INVALID, pkcs11.CKR_HOST_MEMORY, pkcs11.CKR_GENERAL_ERROR,
		pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_FUNCTION_CANCELED, pkcs11.CKR_SESSION_COUNT, pkcs11.CKR_SESSION_CLOSED,
		pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED}},
}

func (k *KMS) fault(doing string, err error) error {
	class, remedy := keyring.ErrAnswer, "see that the module is right, and its log"
	var code pkcs11.Error
	if errors.As(err, &code) {
		for _, c := range classes {
			if slices.Contains(c.codes, code) {
				class, remedy = c.class, c.remedy
			}
		}
	}
	return fmt.Errorf("%v %w: %s: %s; %s", k.at, class, doing, remote.OneLine(err.Error()), remedy)
}

// refusesTag says whether a module told plainly that what it was to decrypt is not this key's.
func refusesTag(err error) bool {
	var code pkcs11.Error
	return errors.As(err, &code) && slices.Contains([]pkcs11.Error{pkcs11.CKR_ENCRYPTED_DATA_INVALID,
		pkcs11.CKR_ENCRYPTED_DATA_LEN_RANGE, pkcs11.CKR_DATA_INVALID, pkcs11.CKR_DATA_LEN_RANGE, pkcs11.CKR_SIGNATURE_INVALID}, code)
}

func (k *KMS) wrongKey(err error) error {
	return fmt.Errorf("%v: the key %w: %s; another key wrapped it, or for another keyring or version", k.at, keyring.ErrWrongKey, remote.OneLine(err.Error()))
}
