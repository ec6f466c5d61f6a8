package alikms

import (
	"context"
	"errors"
	"strings"

	"github.com/alibabacloud-go/tea/dara"
	"github.com/aliyun/credentials-go/credentials"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// classes of error codes; a code "A.B" that is not here has the class of "A.".
var classes = map[string]error{
	"Throttling":                  keyring.ErrUnavailable,
	"Throttling.":                 keyring.ErrUnavailable,
	"Rejected.Throttling":         keyring.ErrUnavailable,
	"Rejected.LimitExceeded":      keyring.ErrUnavailable,
	"InternalFailure":             keyring.ErrUnavailable,
	"InternalError":               keyring.ErrUnavailable,
	"ServiceUnavailable":          keyring.ErrUnavailable,
	"ServiceUnavailableTemporary": keyring.ErrUnavailable,

	"AccessDeniedError":      keyring.ErrDenied,
	"Forbidden":              keyring.ErrDenied,
	"Forbidden.":             keyring.ErrDenied, // NoPermission, RAM, InDebt, ProhibitedByPolicy …
	"NoPermission":           keyring.ErrDenied,
	"IncompleteSignature":    keyring.ErrDenied,
	"InvalidAccessKeyId":     keyring.ErrDenied,
	"InvalidAccessKeyId.":    keyring.ErrDenied,
	"InvalidSecurityToken.":  keyring.ErrDenied,
	"InvalidTimeStamp.":      keyring.ErrDenied,
	"IllegalTimestamp":       keyring.ErrDenied,
	"RequestTimeTooSkewed":   keyring.ErrDenied,
	"MissingSecurityToken":   keyring.ErrDenied,
	"SecurityTokenExpired":   keyring.ErrDenied,
	"SignatureDoesNotMatch":  keyring.ErrDenied,
	"SignatureNonceUsed":     keyring.ErrUnavailable, // by a request that was repeated on the way
	"UnauthorizedOperation":  keyring.ErrDenied,
	"OperationDenied.":       keyring.ErrDenied,
	"Rejected.NotAuthorized": keyring.ErrDenied,

	"Forbidden.AliasNotFound":            keyring.ErrKeyState,
	"Forbidden.KeyNotFound":              keyring.ErrKeyState,
	"Rejected.":                          keyring.ErrKeyState, // Disabled, PendingDeletion, PendingImport, Unavailable
	"Unsupported.":                       keyring.ErrKeyState,
	"UnsupportedOperation":               keyring.ErrKeyState,
	"Forbidden.DKMSInstanceStateInvalid": keyring.ErrKeyState,
}

func classOf(code string) error {
	if class, ok := classes[code]; ok {
		return class
	}
	first, _, _ := strings.Cut(code, ".")
	return classes[first+"."]
}

// refusal is what each of the SDK's errors that KMS answered can tell.
type refusal interface {
	GetCode() *string
	GetStatusCode() *int
	GetRequestId() *string
}

// fault classes an error of a call. InvalidParameter tells of the ciphertext or its context where one was sent, and of
// the key's name otherwise: all else in a call is ours.
func (k *KMS) fault(ctx context.Context, err error, opening bool) error {
	if ctx.Err() != nil {
		return k.key.Unreached("", ctx.Err())
	}
	var none *noAnswer
	var answer refusal
	switch {
	case errors.As(err, &none):
		if none.status == 429 || none.status >= 500 {
			return k.key.Fault(keyring.ErrUnavailable, none.Error())
		}
		return k.key.Fault(keyring.ErrAnswer, none.Error())
	case errors.As(err, &answer):
		code, status := dara.StringValue(answer.GetCode()), dara.IntValue(answer.GetStatusCode())
		said := remote.Code(code, dara.StringValue(answer.GetRequestId()))
		if class := classOf(code); class != nil {
			return k.key.Fault(class, said)
		}
		if status == 429 || status >= 500 {
			return k.key.Fault(keyring.ErrUnavailable, remote.Status(status, said))
		}
		if strings.HasPrefix(code, "InvalidParameter") || strings.HasPrefix(code, "InvalidCiphertext") {
			if opening {
				return k.key.Fault(keyring.ErrWrongKey, said)
			}
			return k.key.Fault(keyring.ErrKeyState, said)
		}
		return k.key.Fault(keyring.ErrAnswer, remote.Status(status, said))
	}
	if fault := k.key.Unreached("", err); fault != nil {
		return fault
	}
	return k.key.Fault(keyring.ErrAnswer, "something that its client does not understand")
}

// login fetches credentials, which the SDK keeps until they expire. Its search is begun anew after a failure, because the
// SDK's own would go on with the last place only. Its errors are text, which may quote an answer of a token service and
// tells not whether that could be reached.
func (k *KMS) login(ctx context.Context) error {
	if k.client.Credential != nil {
		if _, err := k.client.Credential.GetCredential(); err == nil {
			return nil
		}
		k.client.Credential = nil
	}
	found, err := credentials.NewCredential(nil)
	if err == nil {
		_, err = found.GetCredential()
	}
	switch {
	case ctx.Err() != nil:
		return k.key.Fault(keyring.ErrUnavailable, "no credentials in time")
	case err != nil:
		return k.key.Fault(keyring.ErrDenied, "no credentials, or the service that gives them refuses or cannot be reached")
	}
	k.client.Credential = found
	return nil
}
