package awskms

import (
	"context"
	"errors"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// classes of the error codes of KMS and of the signature check before it. KeyUnavailableException and its like come with
// status 500.
var classes = map[string]error{
	"ThrottlingException":        keyring.ErrUnavailable,
	"Throttling":                 keyring.ErrUnavailable,
	"TooManyRequestsException":   keyring.ErrUnavailable,
	"RequestLimitExceeded":       keyring.ErrUnavailable,
	"LimitExceededException":     keyring.ErrUnavailable,
	"DependencyTimeoutException": keyring.ErrUnavailable,
	"KMSInternalException":       keyring.ErrUnavailable,
	"KeyUnavailableException":    keyring.ErrUnavailable,
	"ServiceUnavailable":         keyring.ErrUnavailable,
	"InternalFailure":            keyring.ErrUnavailable,

	"AccessDeniedException":               keyring.ErrDenied,
	"AccessDenied":                        keyring.ErrDenied,
	"ExpiredToken":                        keyring.ErrDenied,
	"ExpiredTokenException":               keyring.ErrDenied,
	"IncompleteSignature":                 keyring.ErrDenied,
	"InvalidClientTokenId":                keyring.ErrDenied,
	"InvalidIdentityToken":                keyring.ErrDenied,
	"InvalidSignatureException":           keyring.ErrDenied,
	"MissingAuthenticationToken":          keyring.ErrDenied,
	"MissingAuthenticationTokenException": keyring.ErrDenied,
	"NotAuthorized":                       keyring.ErrDenied,
	"OptInRequired":                       keyring.ErrDenied,
	"RequestExpired":                      keyring.ErrDenied,
	"SignatureDoesNotMatch":               keyring.ErrDenied,
	"SubscriptionRequiredException":       keyring.ErrDenied,
	"UnrecognizedClientException":         keyring.ErrDenied,

	"CloudHsmClusterNotActiveException":    keyring.ErrKeyState,
	"CustomKeyStoreInvalidStateException":  keyring.ErrKeyState,
	"CustomKeyStoreNotFoundException":      keyring.ErrKeyState,
	"DisabledException":                    keyring.ErrKeyState,
	"InvalidArnException":                  keyring.ErrKeyState,
	"InvalidKeyUsageException":             keyring.ErrKeyState,
	"KMSInvalidStateException":             keyring.ErrKeyState,
	"NotFoundException":                    keyring.ErrKeyState,
	"UnsupportedOperationException":        keyring.ErrKeyState,
	"ValidationException":                  keyring.ErrKeyState, // of the key's name: all else in a call is ours
	"XksKeyInvalidConfigurationException":  keyring.ErrKeyState,
	"XksKeyNotFoundException":              keyring.ErrKeyState,
	"XksProxyUriUnreachableException":      keyring.ErrUnavailable,
	"XksProxyInvalidResponseException":     keyring.ErrUnavailable,
	"CloudHsmClusterInvalidStateException": keyring.ErrKeyState,

	"IncorrectKeyException":      keyring.ErrWrongKey,
	"InvalidCiphertextException": keyring.ErrWrongKey,
}

// fault classes an error of a call.
func (k *KMS) fault(err error) error {
	var (
		api    smithy.APIError
		answer *awshttp.ResponseError
		code   string
		status int
		id     string
	)
	if errors.As(err, &api) {
		code = strings.TrimSuffix(api.ErrorCode(), "UnknownError")
	}
	if errors.As(err, &answer) {
		status, id = answer.HTTPStatusCode(), answer.ServiceRequestID()
	}
	if class, ok := classes[code]; ok {
		return k.key.Fault(class, remote.Code(code, id))
	}
	if status == 429 || status >= 500 {
		return k.key.Fault(keyring.ErrUnavailable, remote.Status(status, remote.Code(code, id)))
	}
	if status == 0 {
		if fault := k.key.Unreached("", err); fault != nil {
			return fault
		}
	}
	return k.key.Fault(keyring.ErrAnswer, remote.Status(status, remote.Code(code, id)))
}

// login fetches credentials, which the SDK keeps until they expire: on its own, so that a token service that refuses is
// not taken for a KMS that does.
func (k *KMS) login(ctx context.Context) error {
	_, err := k.credentials.Retrieve(ctx)
	if err == nil {
		return nil
	}
	var api smithy.APIError
	var answer *awshttp.ResponseError
	switch {
	case ctx.Err() != nil:
		return k.key.Fault(keyring.ErrUnavailable, "no credentials in time")
	case errors.As(err, &answer) && (answer.HTTPStatusCode() == 429 || answer.HTTPStatusCode() >= 500):
		return k.key.Fault(keyring.ErrUnavailable, "the service that gives credentials answers "+remote.Status(answer.HTTPStatusCode(), "and none"))
	case errors.As(err, &api):
		return k.key.Fault(keyring.ErrDenied, "the service that gives credentials answers "+remote.Code(api.ErrorCode(), ""))
	case fromMetadata(err): // the last in the SDK's search: there is none, more likely than that it is down
		return k.key.Fault(keyring.ErrDenied, "no credentials in the environment, in a profile, or of a role")
	}
	if fault := k.key.Unreached("the service that gives credentials", err); fault != nil {
		return fault
	}
	return k.key.Fault(keyring.ErrDenied, "no credentials in the environment, in a profile, or of a role")
}

// fromMetadata says whether it was the machine's metadata service that had no credentials.
func fromMetadata(err error) bool {
	var operation *smithy.OperationError
	return errors.As(err, &operation) && operation.Service() == "ec2imds"
}

// configFault tells what is wrong with the environment without its text, which may quote a file with credentials.
func configFault(err error) string {
	var missing config.SharedConfigProfileNotExistError
	if errors.As(err, &missing) {
		return "there is no profile " + missing.Profile
	}
	return "the AWS configuration of this environment cannot be read"
}
