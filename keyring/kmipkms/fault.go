package kmipkms

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/ttlv"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// refusal is an operation that the server did not carry out.
type refusal struct {
	text    string
	class   error
	reason  kmip.ResultReason
	message string
}

// Error is one line.
func (r *refusal) Error() string { return r.text }

// Unwrap gives the class.
func (r *refusal) Unwrap() error { return r.class }

func (k *KMS) refused(operation kmip.Operation, item kmip.ResponseBatchItem) error {
	message := remote.OneLine(item.ResultMessage)
	if message == "" {
		message = ttlv.EnumStr(item.ResultReason)
	}
	if operation == kmip.OperationDecrypt && item.ResultReason == kmip.ResultReasonCryptographicFailure {
		return k.wrongKey(message)
	}
	remedy, class := classify(item.ResultReason, message)
	return &refusal{fmt.Sprintf("%v %v: %s: %s; %s", k.at, class, ttlv.EnumStr(operation), message, remedy), class, item.ResultReason, message}
}

// classify finds the class of a refusal, and the remedy. "Permission denied" is what servers say of the client and of
// the key's own state and usage alike.
func classify(reason kmip.ResultReason, message string) (remedy string, class error) {
	switch reason {
	case kmip.ResultReasonItemNotFound:
		return "restore the key, or name the one that the keyring was made with", keyring.ErrKeyState
	case kmip.ResultReasonIllegalOperation, kmip.ResultReasonObjectarchived, kmip.ResultReasonCryptographicFailure:
		return "see that it is an active AES key for Encrypt and Decrypt", keyring.ErrKeyState
	case kmip.ResultReasonAuthenticationNotSuccessful:
		return "name a client certificate that it knows by cert and key", keyring.ErrDenied
	case kmip.ResultReasonPermissionDenied:
		if strings.Contains(message, " state") || strings.Contains(message, "usage mask") || strings.Contains(message, "symmetric") {
			return "activate it, and allow it Encrypt and Decrypt", keyring.ErrKeyState
		}
		return "allow the client certificate Locate, Get Attributes, Encrypt and Decrypt with this key", keyring.ErrDenied
	case kmip.ResultReasonGeneralFailure, kmip.ResultReasonOperationCanceledByRequester:
		return "see the server's log", keyring.ErrUnavailable
	}
	return "see that the server knows KMIP 1.4, and Encrypt with AES-GCM", keyring.ErrAnswer
}

func (k *KMS) networkFault(err error) error {
	err = remote.NetworkFault(err)
	remedy := "see that it runs and can be reached"
	switch {
	case errors.Is(err, keyring.ErrDenied):
		remedy = "name a client certificate that it takes by cert and key, and see ciphers"
	case errors.Is(err, keyring.ErrAnswer):
		remedy = "see that it is a KMIP server with a certificate of the CA that ca names"
	}
	return fmt.Errorf("%v %w; %s", k.at, err, remedy)
}

func (k *KMS) answerFault(text string, args ...any) error {
	return fmt.Errorf("%v %w: %s; see that the server knows KMIP 1.4, and Encrypt with AES-GCM and associated data",
		k.at, keyring.ErrAnswer, fmt.Sprintf(text, args...))
}

func (k *KMS) wrongKey(message string) error {
	return fmt.Errorf("%v: the key %w: %s; another key wrapped it, or for another keyring or version", k.at, keyring.ErrWrongKey, message)
}

func (k *KMS) noKey(inactive int) error {
	if inactive > 0 {
		return fmt.Errorf("%v %w: none of %d keys of this name is active; activate one", k.at, keyring.ErrKeyState, inactive)
	}
	return fmt.Errorf("%v %w: no symmetric key has this name; make one, AES with Encrypt and Decrypt, and activate it", k.at, keyring.ErrKeyState)
}
