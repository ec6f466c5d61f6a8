package azurekms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// classes of error codes; that of the inner error, where there is one, goes first. BadParameter tells of the ciphertext
// where one was sent, and of the key otherwise: all else in a call is ours.
var classes = map[string]error{
	"Throttled":          keyring.ErrUnavailable,
	"TooManyRequests":    keyring.ErrUnavailable,
	"ServiceUnavailable": keyring.ErrUnavailable,

	"Unauthorized":          keyring.ErrDenied,
	"Forbidden":             keyring.ErrDenied,
	"AccessDenied":          keyring.ErrDenied,
	"ForbiddenByFirewall":   keyring.ErrDenied,
	"ForbiddenByConnection": keyring.ErrDenied,
	"ForbiddenByPolicy":     keyring.ErrDenied,
	"ForbiddenByRbac":       keyring.ErrDenied,

	"KeyDisabled":                   keyring.ErrKeyState,
	"KeyExpired":                    keyring.ErrKeyState,
	"KeyNotFound":                   keyring.ErrKeyState,
	"KeyNotYetValid":                keyring.ErrKeyState,
	"KeyOperationForbidden":         keyring.ErrKeyState,
	"KeyOperationNotPermitted":      keyring.ErrKeyState,
	"KeyTypeNotSupported":           keyring.ErrKeyState,
	"Conflict":                      keyring.ErrKeyState,
	"ObjectIsBeingDeleted":          keyring.ErrKeyState,
	"ObjectIsBeingRecovered":        keyring.ErrKeyState,
	"ObjectIsDeletedButRecoverable": keyring.ErrKeyState,
	"VaultNotFound":                 keyring.ErrKeyState,
}

// badParameter are codes of what a caller sent.
var badParameter = map[string]bool{"BadParameter": true, "InvalidParameter": true}

// refusal is the body of an error.
type refusal struct {
	Error struct {
		Code  string `json:"code"`
		Inner struct {
			Code string `json:"code"`
		} `json:"innererror"`
	} `json:"error"`
}

// fault classes an error of a call.
func (k *KMS) fault(ctx context.Context, err error, opening bool) error {
	var token *tokenFault
	if errors.As(err, &token) {
		return k.tokenFault(ctx, token)
	}
	var answer *azcore.ResponseError
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
	readBody(answer.RawResponse, &said)
	code, requestID := said.Error.Inner.Code, ""
	if code == "" {
		code = said.Error.Code
	}
	if answer.RawResponse != nil {
		requestID = answer.RawResponse.Header.Get("x-ms-request-id")
	}
	class, ok := classes[code]
	if !ok {
		class, ok = classes[said.Error.Code]
	}
	switch {
	case ok:
	case answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500:
		class = keyring.ErrUnavailable
	case badParameter[said.Error.Code] && opening:
		class = keyring.ErrWrongKey
	case badParameter[said.Error.Code]:
		class = keyring.ErrKeyState
	default:
		class = keyring.ErrAnswer
	}
	return k.key.Fault(class, remote.Status(answer.StatusCode, remote.Code(code, requestID)))
}

// tokenFault classes what kept a token from being there.
func (k *KMS) tokenFault(ctx context.Context, token *tokenFault) error {
	var failed *azidentity.AuthenticationFailedError
	if errors.As(token.err, &failed) && failed.RawResponse != nil {
		var said struct {
			Error string `json:"error"`
			Codes []int  `json:"error_codes"`
		}
		readBody(failed.RawResponse, &said)
		status := failed.RawResponse.StatusCode
		text := "the token service answers " + remote.Status(status, remote.Code(said.Error, ""))
		if len(said.Codes) > 0 {
			text += ", AADSTS" + strconv.Itoa(said.Codes[0])
		}
		switch {
		case status == http.StatusTooManyRequests, status >= 500, status == http.StatusGone: // gone while it is updated
			return k.key.Fault(keyring.ErrUnavailable, text)
		}
		return k.key.Fault(keyring.ErrDenied, text)
	}
	if ctx.Err() != nil {
		return k.key.Fault(keyring.ErrUnavailable, "no token in time")
	}
	if fault := k.key.Unreached("the token service", token.unreachable); fault != nil {
		return fault
	}
	return k.key.Fault(keyring.ErrDenied, "no credentials, or no token for them")
}

// readBody reads a JSON body, which the SDK has kept; what is none leaves v as it is.
func readBody(answer *http.Response, v any) {
	if answer == nil {
		return
	}
	if body, err := runtime.Payload(answer); err == nil {
		_ = json.Unmarshal(body, v)
	}
}
