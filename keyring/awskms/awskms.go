// Package awskms is AWS KMS as a keyring.KMS. Configuration names a symmetric key by its region and id, alias or ARN:
//
//	awskms://eu-central-1/alias/tdeproxy
//	awskms:///arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
//
// The parameter endpoint names another address, such as that of a VPC endpoint. Credentials are those that AWS's own
// tools find: environment, profile, web identity, the role of a container or of the machine. A key is bound to its
// keyring by the encryption context, which CloudTrail shows and key policies can ask for.
package awskms

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

const (
	name   = "AWS KMS"
	access = "see that credentials are found (aws sts get-caller-identity shows whose), that the clock is right, and that they may kms:Encrypt and kms:Decrypt with this key"
	state  = "see in KMS that the key is there, enabled, symmetric and for ENCRYPT_DECRYPT, or name another one"
)

// KMS wraps keys under a key of AWS KMS. It implements keyring.KMS and is safe for concurrent use.
type KMS struct {
	client      *kms.Client
	credentials aws.CredentialsProvider
	key         remote.Key
	id          string
}

// Open reads the URL and the environment. It asks nobody anything yet.
func Open(ctx context.Context, u *url.URL) (*KMS, error) {
	params, err := remote.Params(u, "endpoint")
	if err != nil {
		return nil, err
	}
	endpoint, err := remote.Endpoint(params)
	if err != nil {
		return nil, err
	}
	region, id, err := parse(u)
	if err != nil {
		return nil, err
	}
	key := remote.Key{KMS: name, Name: id + " in " + region, Access: access, State: state}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, key.Fault(keyring.ErrDenied, configFault(err))
	}
	client := kms.NewFromConfig(cfg, func(o *kms.Options) {
		o.Retryer = aws.NopRetryer{} // keyring.Patient repeats
		if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
			o.HTTPClient = remote.NewClient(b.GetTransport()) // with the CAs of AWS_CA_BUNDLE
		} else {
			o.HTTPClient = remote.NewClient(nil)
		}
		if endpoint != nil {
			o.BaseEndpoint = aws.String(endpoint.String())
		}
	})
	return &KMS{client: client, credentials: cfg.Credentials, key: key, id: id}, nil
}

// parse finds region and key: awskms://REGION/KEY, where KEY may be an ARN, which names the region, too.
func parse(u *url.URL) (region, id string, err error) {
	region, id = u.Host, strings.TrimPrefix(u.Path, "/")
	if arn := strings.SplitN(id, ":", 6); arn[0] == "arn" && len(arn) == 6 {
		if region == "" {
			region = arn[3]
		}
		if region != arn[3] {
			return "", "", fmt.Errorf("awskms: the key is in %s, and the URL says %s; leave one out: awskms:///arn:…", arn[3], region)
		}
	}
	if region == "" || id == "" || strings.ContainsAny(region, ":/@. ") {
		return "", "", errors.New("awskms: the URL names no region and key; write awskms://REGION/KEY-ID, awskms://REGION/alias/NAME or awskms:///ARN")
	}
	return region, id, nil
}

// Wrap has KMS encrypt a key.
func (k *KMS) Wrap(ctx context.Context, plaintext, aad []byte) ([]byte, error) {
	if err := remote.CheckSize(plaintext); err != nil {
		return nil, err
	}
	if err := k.login(ctx); err != nil {
		return nil, err
	}
	out, err := k.client.Encrypt(ctx, &kms.EncryptInput{
		KeyId: &k.id, Plaintext: plaintext, EncryptionContext: keyring.EncryptionContext(aad)})
	if err != nil {
		return nil, k.fault(err)
	}
	if len(out.CiphertextBlob) == 0 {
		return nil, k.key.Fault(keyring.ErrAnswer, "no ciphertext")
	}
	return out.CiphertextBlob, nil
}

// Unwrap has KMS decrypt what Wrap gave. It names the key, so that no other key of the account is used.
func (k *KMS) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) == 0 {
		return nil, k.key.Fault(keyring.ErrWrongKey, "it is empty")
	}
	if err := k.login(ctx); err != nil {
		return nil, err
	}
	out, err := k.client.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &k.id, CiphertextBlob: wrapped, EncryptionContext: keyring.EncryptionContext(aad)})
	if err != nil {
		return nil, k.fault(err)
	}
	if err := remote.CheckSize(out.Plaintext); err != nil {
		clear(out.Plaintext)
		return nil, k.key.Fault(keyring.ErrAnswer, err.Error())
	}
	return out.Plaintext, nil
}
