// Package azurekms is Azure Key Vault, and Azure's Managed HSM, as a keyring.KMS. Configuration names a key by its vault's
// host and its name:
//
//	azurekeyvault://example.vault.azure.net/tdeproxy
//	azurekeyvault://example.managedhsm.azure.net/tdeproxy?algorithm=A256GCM
//
// The parameter endpoint names another address. Credentials are those of Azure's own tools: environment, workload identity,
// managed identity, az login.
//
// A vault's keys are RSA keys, whose wrapping (RSA-OAEP-256) binds nothing: what is wrapped is the key with a hash of
// the data that it is bound to, which is compared after unwrapping. Whoever has the public key can make such a wrap.
// AES keys of a Managed HSM (A128GCM, A192GCM, A256GCM) bind by themselves, and nobody outside can make a wrap.
package azurekms

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

const (
	name   = "Azure Key Vault"
	access = "see that credentials are found (environment, workload or managed identity, az login), that the vault's firewall lets this machine in, and that a role lets them wrap and unwrap (for A256GCM: encrypt and decrypt) with this key"
	state  = "see in the vault that the key is there, enabled, not expired, of the type that the algorithm needs, and permits these operations, or name another one"
)

// KMS wraps keys under a key of a vault. It implements keyring.KMS and is safe for concurrent use.
type KMS struct {
	client    *azkeys.Client
	key       remote.Key
	name      string
	version   string // which wraps; "" is the newest
	algorithm azkeys.EncryptionAlgorithm
}

// Open reads the URL and the environment. It asks nobody anything yet.
func Open(_ context.Context, u *url.URL) (*KMS, error) {
	params, err := remote.Params(u, "endpoint", "algorithm")
	if err != nil {
		return nil, err
	}
	vault, err := remote.Endpoint(params)
	if err != nil {
		return nil, err
	}
	if vault != nil && vault.Scheme != "https" {
		return nil, errors.New("azurekeyvault: endpoint has to be https, to which alone the SDK gives tokens")
	}
	parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	if u.Host == "" || parts[0] == "" || len(parts) > 2 {
		return nil, errors.New("azurekeyvault: the URL names no vault and key; write azurekeyvault://VAULT.vault.azure.net/KEY or …/KEY/VERSION")
	}
	k := &KMS{name: parts[0], algorithm: azkeys.EncryptionAlgorithmRSAOAEP256}
	if len(parts) == 2 {
		k.version = parts[1]
	}
	if chosen, ok := params["algorithm"]; ok {
		k.algorithm = azkeys.EncryptionAlgorithm(chosen)
	}
	if _, ok := algorithms[k.algorithm]; !ok {
		return nil, fmt.Errorf("azurekeyvault: algorithm %q is none that is used here; choose RSA-OAEP-256, or for an AES key A128GCM, A192GCM or A256GCM", k.algorithm)
	}
	k.key = remote.Key{KMS: name, Name: parts[0] + " in " + u.Host, Access: access, State: state}
	named := vault != nil // the operator answers for an address that is not the vault's own
	if !named {
		vault = &url.URL{Scheme: "https", Host: u.Host}
	}
	credential, err := newCredential()
	if err != nil {
		return nil, k.key.Fault(keyring.ErrDenied, "the credentials of this environment cannot be used")
	}
	k.client, err = azkeys.NewClient(vault.String(), credential, &azkeys.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			Transport: vaultClient(),
			Retry:     once,
		},
		DisableChallengeResourceVerification: named,
	})
	if err != nil {
		return nil, errors.New("azurekeyvault: the SDK does not take this configuration")
	}
	return k, nil
}

// once is no retry: keyring.Patient repeats.
var once = policy.RetryOptions{MaxRetries: -1}

// newCredential is Azure's default search for credentials. An authority that the environment names is taken as it is:
// asking the public cloud about it is of no use in a private one.
func newCredential() (*credential, error) {
	reach := newReach()
	found, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions:            azcore.ClientOptions{Transport: reach.client, Retry: once},
		DisableInstanceDiscovery: os.Getenv("AZURE_AUTHORITY_HOST") != "",
	})
	if err != nil {
		return nil, err
	}
	return &credential{found, reach}, nil
}

// Wrap has the vault wrap a key under the newest version of its key, or under the one that the URL names.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if err := remote.CheckSize(plaintext); err != nil {
		return nil, err
	}
	out, err := k.seal(ctx, plaintext, aad)
	if err != nil {
		return nil, k.fault(ctx, err, false)
	}
	w := wrap{algorithm: k.algorithm, result: out.Result, iv: out.IV, tag: out.AuthenticationTag}
	if out.KID != nil {
		w.kid = string(*out.KID)
	}
	if by, version := splitKID(w.kid); !strings.EqualFold(by, k.name) || version == "" {
		return nil, k.key.Fault(keyring.ErrAnswer, "it does not say which version of the key wrapped")
	}
	if !w.plausible() {
		return nil, k.key.Fault(keyring.ErrAnswer, "no ciphertext")
	}
	return w.encode(), nil
}

// seal asks for the one operation or the other.
func (k *KMS) seal(ctx context.Context, plaintext, aad []byte) (azkeys.KeyOperationResult, error) {
	in := azkeys.KeyOperationParameters{Algorithm: &k.algorithm, Value: plaintext}
	if algorithms[k.algorithm].binds {
		in.AdditionalAuthenticatedData = aad
		out, err := k.client.Encrypt(ctx, k.name, k.version, in, nil)
		return out.KeyOperationResult, err
	}
	hash := sha256.Sum256(aad)
	in.Value = slices.Concat(plaintext, hash[:])
	defer clear(in.Value)
	out, err := k.client.WrapKey(ctx, k.name, k.version, in, nil)
	return out.KeyOperationResult, err
}

// Unwrap has the vault unwrap what Wrap gave, with the version of the key that wrapped it.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	w, ok := decode(wrapped)
	if !ok {
		return nil, k.key.Fault(keyring.ErrWrongKey, "it was changed, or does not come from "+name)
	}
	by, version := splitKID(w.kid)
	if !strings.EqualFold(by, k.name) {
		return nil, k.key.Fault(keyring.ErrWrongKey, "key "+remote.Code(by, "")+" wrapped it")
	}
	if algorithms[k.algorithm].binds && !algorithms[w.algorithm].binds { // which anybody could have made
		return nil, k.key.Fault(keyring.ErrWrongKey, string(w.algorithm)+" wrapped it, and the URL asks for "+string(k.algorithm))
	}
	in := azkeys.KeyOperationParameters{Algorithm: &w.algorithm, Value: w.result}
	if algorithms[w.algorithm].binds {
		in.AdditionalAuthenticatedData, in.IV, in.AuthenticationTag = aad, w.iv, w.tag
		out, err := k.client.Decrypt(ctx, k.name, version, in, nil)
		if err != nil {
			return nil, k.fault(ctx, err, true)
		}
		if err := remote.CheckSize(out.Result); err != nil {
			clear(out.Result)
			return nil, k.key.Fault(keyring.ErrAnswer, err.Error())
		}
		return out.Result, nil
	}
	out, err := k.client.UnwrapKey(ctx, k.name, version, in, nil)
	if err != nil {
		return nil, k.fault(ctx, err, true)
	}
	return k.unbind(out.Result, aad)
}

// unbind takes the key out of what RSA unwrapped, when it is bound to this data.
func (k *KMS) unbind(value, aad []byte) ([]byte, error) {
	if len(value) != keyring.KeySize+sha256.Size {
		clear(value)
		return nil, k.key.Fault(keyring.ErrAnswer, fmt.Sprintf("it unwraps to %d bytes", len(value)))
	}
	hash := sha256.Sum256(aad)
	if subtle.ConstantTimeCompare(value[keyring.KeySize:], hash[:]) != 1 {
		clear(value)
		return nil, k.key.Fault(keyring.ErrWrongKey, "it belongs to another keyring or version")
	}
	return value[:keyring.KeySize:keyring.KeySize], nil
}
