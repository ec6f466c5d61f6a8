package gcpkms

import (
	"context"
	"encoding/json"
	"errors"

	"cloud.google.com/go/auth"
	"google.golang.org/api/googleapi"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// classes of Google's status codes. INVALID_ARGUMENT tells of the ciphertext or its data where one was sent, and of the key
// otherwise: all else in a call is ours.
var classes = map[string]error{
	"RESOURCE_EXHAUSTED":  keyring.ErrUnavailable,
	"UNAVAILABLE":         keyring.ErrUnavailable,
	"INTERNAL":            keyring.ErrUnavailable,
	"ABORTED":             keyring.ErrUnavailable,
	"CANCELLED":           keyring.ErrUnavailable,
	"DEADLINE_EXCEEDED":   keyring.ErrUnavailable,
	"PERMISSION_DENIED":   keyring.ErrDenied,
	"UNAUTHENTICATED":     keyring.ErrDenied,
	"FAILED_PRECONDITION": keyring.ErrKeyState,
	"NOT_FOUND":           keyring.ErrKeyState,
}

// refusal is the body of an error.
type refusal struct {
	Error struct {
		Status  string `json:"status"`
		Details []struct {
			Reason string `json:"reason"`
		} `json:"details"`
	} `json:"error"`
}

// fault classes an error of a call.
func (k *KMS) fault(ctx context.Context, err error, opening bool) error {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if fault := k.key.Unreached("", err); fault != nil {
			return fault
		}
		return k.key.Fault(keyring.ErrAnswer, "something that its client does not understand")
	}
	var said refusal
	_ = json.Unmarshal([]byte(answer.Body), &said) // what is no such body leaves no code
	text := remote.Status(answer.Code, remote.Code(said.Error.Status, ""))
	for _, d := range said.Error.Details {
		if d.Reason != "" {
			text += ", " + remote.Code(d.Reason, "")
		}
	}
	class, ok := classes[said.Error.Status]
	switch {
	case ok:
	case answer.Code == 429 || answer.Code >= 500:
		class = keyring.ErrUnavailable
	case said.Error.Status == "INVALID_ARGUMENT" && opening:
		class = keyring.ErrWrongKey
	case said.Error.Status == "INVALID_ARGUMENT":
		class = keyring.ErrKeyState
	default:
		class = keyring.ErrAnswer
	}
	return k.key.Fault(class, text)
}

// login fetches a token, which the SDK keeps until it expires: on its own, so that a token service that refuses is not
// taken for a KMS that does.
func (k *KMS) login(ctx context.Context) error {
	_, err := k.credentials.Token(ctx)
	if err == nil {
		return nil
	}
	var answer *auth.Error
	if errors.As(err, &answer) && answer.Response != nil {
		var said struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(answer.Body, &said)
		status := answer.Response.StatusCode
		text := "the token service answers " + remote.Status(status, remote.Code(said.Error, ""))
		if status == 429 || status >= 500 {
			return k.key.Fault(keyring.ErrUnavailable, text)
		}
		return k.key.Fault(keyring.ErrDenied, text)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if fault := k.key.Unreached("the token service", err); fault != nil {
		return fault
	}
	return k.key.Fault(keyring.ErrDenied, "no token for the credentials")
}
