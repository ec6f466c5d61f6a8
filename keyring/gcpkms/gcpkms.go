// Package gcpkms is Google Cloud KMS as a keyring.KMS, over its REST interface. Configuration names a symmetric key by its
// resource name:
//
//	gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY
//
// The parameter endpoint names another address, such as that of Private Service Connect. Credentials are Google's
// "application default" ones: a file, the gcloud tool's, or the machine's service account. A key is bound to its keyring
// by additional authenticated data, and checksums (CRC32C) are checked both ways.
package gcpkms

import (
	"context"
	"encoding/base64"
	"errors"
	"hash/crc32"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/auth/httptransport"
	cloudkms "google.golang.org/api/cloudkms/v1"
	"google.golang.org/api/option"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

const (
	name   = "Google Cloud KMS"
	scope  = "https://www.googleapis.com/auth/cloudkms"
	access = "see that credentials are found (GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default, or the machine's service account), that the clock is right, and that they have the role Cloud KMS CryptoKey Encrypter/Decrypter on this key"
	state  = "see in KMS that the key is there, its purpose is symmetric encryption, and its versions are enabled, or name another one"
)

// resource is the form of a key's resource name.
var resource = regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`)

// KMS wraps keys under a key of Google Cloud KMS. It implements keyring.KMS and is safe for concurrent use.
type KMS struct {
	keys        *cloudkms.ProjectsLocationsKeyRingsCryptoKeysService
	credentials *auth.Credentials
	key         remote.Key
}

// Open reads the URL and looks for credentials, for which it may ask whether this machine is one of Google's.
func Open(ctx context.Context, u *url.URL) (*KMS, error) {
	params, err := remote.Params(u, "endpoint")
	if err != nil {
		return nil, err
	}
	endpoint, err := remote.Endpoint(params)
	if err != nil {
		return nil, err
	}
	id := u.Host + u.Path
	if !resource.MatchString(id) {
		return nil, errors.New("gcpkms: the URL names no key; write gcpkms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, without a version")
	}
	k := &KMS{key: remote.Key{KMS: name, Name: id, Access: access, State: state}}
	client := remote.NewClient(nil)
	silent := slog.New(slog.DiscardHandler) // the SDK's logs, which the environment can turn on, show keys
	k.credentials, err = credentials.DetectDefault(&credentials.DetectOptions{
		Scopes: []string{scope}, Client: remote.NewClient(nil), Logger: silent, DisableAsyncRefresh: true})
	if err == nil {
		err = httptransport.AddAuthorizationMiddleware(client, k.credentials)
	}
	if err != nil {
		return nil, k.key.Fault(keyring.ErrDenied, "no credentials, or they cannot be read")
	}
	options := []option.ClientOption{option.WithHTTPClient(client), option.WithLogger(silent)}
	if endpoint != nil {
		options = append(options, option.WithEndpoint(endpoint.String()+"/"))
	}
	service, err := cloudkms.NewService(ctx, options...)
	if err != nil {
		return nil, errors.New("gcpkms: the SDK does not take this configuration; see the variables GOOGLE_API_… of the environment")
	}
	k.keys = service.Projects.Locations.KeyRings.CryptoKeys
	return k, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) int64 { return int64(crc32.Checksum(b, castagnoli)) }

// Wrap has KMS encrypt a key.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if err := remote.CheckSize(plaintext); err != nil {
		return nil, err
	}
	if err := k.login(ctx); err != nil {
		return nil, err
	}
	out, err := k.keys.Encrypt(k.key.Name, &cloudkms.EncryptRequest{
		Plaintext:                         base64.StdEncoding.EncodeToString(plaintext),
		PlaintextCrc32c:                   checksum(plaintext),
		AdditionalAuthenticatedData:       base64.StdEncoding.EncodeToString(aad),
		AdditionalAuthenticatedDataCrc32c: checksum(aad),
		ForceSendFields:                   []string{"PlaintextCrc32c", "AdditionalAuthenticatedDataCrc32c"},
	}).Context(ctx).Do()
	if err != nil {
		return nil, k.fault(ctx, err, false)
	}
	wrapped, err := base64.StdEncoding.DecodeString(out.Ciphertext)
	switch {
	case err != nil || len(wrapped) == 0:
		return nil, k.key.Fault(keyring.ErrAnswer, "no ciphertext")
	case !strings.HasPrefix(out.Name, k.key.Name+"/cryptoKeyVersions/"):
		return nil, k.key.Fault(keyring.ErrAnswer, "another key wrapped")
	case !out.VerifiedPlaintextCrc32c || !out.VerifiedAdditionalAuthenticatedDataCrc32c || out.CiphertextCrc32c != checksum(wrapped):
		return nil, k.key.Fault(keyring.ErrUnavailable, damaged)
	}
	return wrapped, nil
}

// damaged is what is said of bytes that changed on the way, which TLS should have prevented; Google's advice is another try.
const damaged = "a checksum does not match"

// Unwrap has KMS decrypt what Wrap gave, under whichever version of the key.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) == 0 {
		return nil, k.key.Fault(keyring.ErrWrongKey, "it is empty")
	}
	if err := k.login(ctx); err != nil {
		return nil, err
	}
	out, err := k.keys.Decrypt(k.key.Name, &cloudkms.DecryptRequest{
		Ciphertext:                        base64.StdEncoding.EncodeToString(wrapped),
		CiphertextCrc32c:                  checksum(wrapped),
		AdditionalAuthenticatedData:       base64.StdEncoding.EncodeToString(aad),
		AdditionalAuthenticatedDataCrc32c: checksum(aad),
		ForceSendFields:                   []string{"CiphertextCrc32c", "AdditionalAuthenticatedDataCrc32c"},
	}).Context(ctx).Do()
	if err != nil {
		return nil, k.fault(ctx, err, true)
	}
	plain, err := base64.StdEncoding.DecodeString(out.Plaintext)
	if err == nil {
		err = remote.CheckSize(plain)
	}
	switch {
	case err != nil:
		err = k.key.Fault(keyring.ErrAnswer, "the plaintext is none of a key")
	case out.PlaintextCrc32c != checksum(plain):
		err = k.key.Fault(keyring.ErrUnavailable, damaged)
	}
	if err != nil {
		clear(plain)
		return nil, err
	}
	return plain, nil
}
