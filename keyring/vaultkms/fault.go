package vaultkms

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

func isDenied(err error) bool { return errors.Is(err, keyring.ErrDenied) }

// fault says what went wrong with an operation, and what to do. Secrets are texts that must not show, should the other
// side send them back.
func (k *KMS) fault(operation string, err error, secrets ...string) error {
	var answer *api.ResponseError
	if !errors.As(err, &answer) {
		return k.networkFault(err, secrets)
	}
	text := "HTTP " + http.StatusText(answer.StatusCode)
	if !answer.RawError && len(answer.Errors) > 0 {
		text = conceal(strings.Join(answer.Errors, "; "), secrets)
	}
	remedy, class := k.classify(operation, answer, text)
	return fmt.Errorf("%v %w: %s; %s", k.at, class, text, remedy)
}

// networkFault is for answers that are none.
func (k *KMS) networkFault(err error, secrets []string) error {
	err = remote.NetworkFault(err)
	remedy := "see that it runs and can be reached"
	switch {
	case errors.Is(err, keyring.ErrDenied):
		remedy = "name a client certificate that it takes by VAULT_CLIENT_CERT and VAULT_CLIENT_KEY"
	case errors.Is(err, keyring.ErrAnswer):
		remedy = "see that it is a Vault, with TLS and a certificate of the CA that VAULT_CACERT names"
	}
	return &networkError{fmt.Sprintf("%v %s; %s", k.at, conceal(err.Error(), secrets), remedy), err}
}

// networkError has the text of a fault with secrets concealed, and its class.
type networkError struct {
	text  string
	class error
}

// Error is one line.
func (e *networkError) Error() string { return e.text }

// Unwrap gives the class.
func (e *networkError) Unwrap() error { return e.class }

// conceal makes one line of a text that came from outside, without secrets.
func conceal(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return remote.OneLine(strings.ReplaceAll(text, "1 error occurred:\n\t* ", "")) // Vault's way to list one error
}

// classify finds the class of an error that Vault answered, and the remedy.
func (k *KMS) classify(operation string, answer *api.ResponseError, text string) (remedy string, class error) {
	has := func(s string) bool { return strings.Contains(text, s) }
	switch code := answer.StatusCode; {
	case code == http.StatusServiceUnavailable && has("sealed"):
		return "unseal it", keyring.ErrUnavailable
	case code == http.StatusTooManyRequests:
		return "it limits requests; raise its quota", keyring.ErrUnavailable
	case operation == "login" && !answer.RawError && has("invalid "): // of a secret id, Vault 1.13 says so with status 500
		return "see that the " + k.login.method + " credentials are right and have not ended", keyring.ErrDenied
	case code >= http.StatusInternalServerError, code == http.StatusPreconditionFailed, code == 472, code == 473:
		return "see its log", keyring.ErrUnavailable
	case answer.RawError:
		return "see that it is a Vault, and no other server", keyring.ErrAnswer
	case operation == "login" && (code == http.StatusBadRequest || code == http.StatusForbidden):
		return "see that the " + k.login.method + " credentials are right and have not ended", keyring.ErrDenied
	case code == http.StatusForbidden:
		return "see that the token is valid and its policy allows update on " + k.at.path(operation), keyring.ErrDenied
	case code == http.StatusNotFound && operation == "login":
		return "nothing to log in at auth/" + k.login.mount + "; enable it, or see auth-mount and the namespace", keyring.ErrDenied
	case code == http.StatusNotFound:
		return "see that a transit engine is mounted at " + k.at.mount + ", and the namespace", keyring.ErrKeyState
	case code == http.StatusBadRequest:
		return k.classifyRefusal(operation, has)
	}
	return "see that it is a Vault of version 1.9 or later, or an OpenBao", keyring.ErrAnswer
}

// classifyRefusal is for "bad request", which Vault says of whatever a key cannot do.
func (k *KMS) classifyRefusal(operation string, has func(string) bool) (remedy string, class error) {
	switch {
	case has("key not found"):
		return "restore the key " + k.at.key + ", or name the one that the keyring was made with", keyring.ErrKeyState
	case has("disallowed by policy"):
		return "lower min_decryption_version of the key, or restore a keyring that was rewrapped", keyring.ErrKeyState
	case operation == "decrypt":
		return "another key wrapped it, or for another keyring or version", keyring.ErrWrongKey
	}
	return "use a key of the type aes256-gcm96 that is not derived", keyring.ErrKeyState
}

func (k *KMS) noKey() error {
	return fmt.Errorf("%v %w: it is not there; make it by: vault write -f %s", k.at, keyring.ErrKeyState, k.at.path("keys"))
}

func (k *KMS) noField(name string) error {
	return fmt.Errorf("%v %w: no %s in it; see that it is a Vault, and no other server", k.at, keyring.ErrAnswer, name)
}
