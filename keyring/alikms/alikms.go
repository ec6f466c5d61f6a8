// Package alikms is Alibaba Cloud KMS as a keyring.KMS. Configuration names a symmetric key by its region and id, alias or
// ARN:
//
//	alicloudkms://cn-hangzhou/alias/tdeproxy
//	alicloudkms://cn-hangzhou/key-hzz62f1cb66fa42qo1234?endpoint=https://kms-vpc.cn-hangzhou.aliyuncs.com
//
// The parameter endpoint names another address than the region's public one: that of a VPC or of a KMS instance.
// Credentials are those that Alibaba Cloud's own tools find: environment, OIDC role, profile, role of the machine. A key
// is bound to its keyring by the encryption context.
package alikms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	kms "github.com/alibabacloud-go/kms-20160120/v3/client"
	"github.com/alibabacloud-go/tea/dara"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

const (
	name   = "Alibaba Cloud KMS"
	access = "see that credentials are found (environment, OIDC role, profile or the machine's role), that the clock is right, and that RAM allows them kms:Encrypt, kms:Decrypt and, for an alias, kms:DescribeKey"
	state  = "see in KMS that the key is there, enabled, symmetric and for ENCRYPT/DECRYPT, or name another one"
)

// KMS wraps keys under a key of Alibaba Cloud KMS. It implements keyring.KMS and is safe for concurrent use.
type KMS struct {
	client *kms.Client
	key    remote.Key
	name   string // as the URL has it

	mu    sync.Mutex // held for whole calls: the SDK's client has its credentials exchanged in them
	keyID string     // what an alias stands for, once that is known
}

// Open reads the URL. It asks nobody anything yet.
func Open(_ context.Context, u *url.URL) (*KMS, error) {
	params, err := remote.Params(u, "endpoint")
	if err != nil {
		return nil, err
	}
	endpoint, err := remote.Endpoint(params)
	if err != nil {
		return nil, err
	}
	region, key := u.Host, strings.TrimPrefix(u.Path, "/")
	if region == "" || key == "" || strings.ContainsAny(region, ":/@. ") {
		return nil, errors.New("alicloudkms: the URL names no region and key; write alicloudkms://REGION/KEY-ID or alicloudkms://REGION/alias/NAME")
	}
	if err := quiet(); err != nil {
		return nil, err
	}
	if endpoint == nil {
		endpoint = &url.URL{Scheme: "https", Host: "kms." + region + ".aliyuncs.com"}
	}
	client, err := kms.NewClient(&openapi.Config{
		RegionId:   &region,
		Endpoint:   &endpoint.Host,
		Protocol:   &endpoint.Scheme,
		HttpClient: transport{remote.NewClient(nil)},
	})
	if err != nil {
		return nil, errors.New("alicloudkms: the SDK does not take this configuration")
	}
	client.Client.DisableSDKError = dara.Bool(true) // which would make text of what went wrong
	k := &KMS{client: client, name: key}
	k.key = remote.Key{KMS: name, Name: key + " in " + region, Access: access, State: state}
	if !strings.HasPrefix(key, "alias/") {
		k.keyID = key[strings.LastIndex(key, "/")+1:] // an ARN ends in key/ID
	}
	return k, nil
}

// quiet refuses an environment in which the SDK prints requests, with the key and the credentials in them.
func quiet() error {
	for _, part := range strings.Split(os.Getenv("DEBUG"), ",") {
		if slices.Contains([]string{"dara", "tea", "credential"}, part) {
			return fmt.Errorf("alicloudkms: DEBUG=%s in the environment would print keys and credentials; take it out", part)
		}
	}
	return nil
}

// Wrap has KMS encrypt a key.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if err := remote.CheckSize(plaintext); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.login(ctx); err != nil {
		return nil, err
	}
	out, err := k.client.EncryptWithContext(ctx, &kms.EncryptRequest{
		KeyId:             &k.name,
		Plaintext:         dara.String(base64.StdEncoding.EncodeToString(plaintext)),
		EncryptionContext: encryptionContext(aad),
	}, &dara.RuntimeOptions{})
	if err != nil {
		return nil, k.fault(ctx, err, false)
	}
	if out.Body == nil || !isBlob(dara.StringValue(out.Body.CiphertextBlob)) {
		return nil, k.key.Fault(keyring.ErrAnswer, "no ciphertext")
	}
	return []byte(*out.Body.CiphertextBlob), nil
}

// Unwrap has KMS decrypt what Wrap gave. KMS finds the key by the ciphertext and takes any that the credentials may use,
// so it is seen afterwards that it was this one.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if !isBlob(string(wrapped)) {
		return nil, k.key.Fault(keyring.ErrWrongKey, "it does not come from "+name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.login(ctx); err != nil {
		return nil, err
	}
	id, err := k.id(ctx)
	if err != nil {
		return nil, err
	}
	out, err := k.client.DecryptWithContext(ctx, &kms.DecryptRequest{
		CiphertextBlob:    dara.String(string(wrapped)),
		EncryptionContext: encryptionContext(aad),
	}, &dara.RuntimeOptions{})
	if err != nil {
		return nil, k.fault(ctx, err, true)
	}
	if out.Body == nil || out.Body.Plaintext == nil {
		return nil, k.key.Fault(keyring.ErrAnswer, "no plaintext")
	}
	if by := dara.StringValue(out.Body.KeyId); by != id {
		return nil, k.key.Fault(keyring.ErrWrongKey, "key "+remote.Code(by, "")+" wrapped it")
	}
	plain, err := base64.StdEncoding.DecodeString(*out.Body.Plaintext)
	if err == nil {
		err = remote.CheckSize(plain)
	}
	if err != nil {
		clear(plain)
		return nil, k.key.Fault(keyring.ErrAnswer, "the plaintext is none of a key")
	}
	return plain, nil
}

// id is the key's id; that of an alias is asked for, once.
func (k *KMS) id(ctx context.Context) (string, error) {
	if k.keyID != "" {
		return k.keyID, nil
	}
	out, err := k.client.DescribeKeyWithContext(ctx, &kms.DescribeKeyRequest{KeyId: &k.name}, &dara.RuntimeOptions{})
	if err != nil {
		return "", k.fault(ctx, err, false)
	}
	if out.Body == nil || out.Body.KeyMetadata == nil || dara.StringValue(out.Body.KeyMetadata.KeyId) == "" {
		return "", k.key.Fault(keyring.ErrAnswer, "no key's description")
	}
	k.keyID = *out.Body.KeyMetadata.KeyId
	return k.keyID, nil
}

func encryptionContext(aad []byte) map[string]any {
	named := map[string]any{}
	for name, value := range keyring.EncryptionContext(aad) {
		named[name] = value
	}
	return named
}

// isBlob says whether a ciphertext can be one of KMS's, which are text.
func isBlob(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
