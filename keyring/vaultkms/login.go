package vaultkms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

// Where credentials are, beside VAULT_TOKEN and the variables that Vault's client reads by itself.
const (
	envTokenFile    = "VAULT_TOKEN_FILE"
	envRoleID       = "VAULT_ROLE_ID"
	envSecretID     = "VAULT_SECRET_ID"
	envSecretIDFile = "VAULT_SECRET_ID_FILE"
	envRole         = "VAULT_K8S_ROLE"
	envJWTFile      = "VAULT_K8S_TOKEN_FILE"

	homeToken      = ".vault-token"
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token"
)

// login is how to get a token.
type login struct{ method, mount string }

// connection makes a client that has no token yet. Vault's own variables say how it trusts and what it shows.
func (k *KMS) connection() (*api.Client, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("%v: in the environment: %s; check VAULT_CACERT, VAULT_CAPATH, VAULT_CLIENT_CERT and VAULT_CLIENT_KEY",
			k.at, remote.OneLine(config.Error.Error()))
	}
	if config.HttpClient.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify {
		return nil, fmt.Errorf("%v: VAULT_SKIP_VERIFY is set, so that anybody could answer for it; unset it and name its CA by VAULT_CACERT", k.at)
	}
	config.Address, config.AgentAddress = k.at.server, "" // not VAULT_ADDR: the configuration names the server
	config.MaxRetries = 0                                 // keyring.Patient repeats
	config.SRVLookup = false
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("%v: in the environment: %s", k.at, remote.OneLine(err.Error()))
	}
	if k.at.namespace != "" {
		client.SetNamespace(k.at.namespace)
	}
	client.ClearToken()
	return client, nil
}

// loggedIn gives the client with a token, which it gets at the first call.
func (k *KMS) loggedIn(ctx context.Context) (*api.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.client != nil {
		return k.client, nil
	}
	client, err := k.connection()
	if err != nil {
		return nil, err
	}
	token, err := k.token(ctx, client)
	if err != nil {
		return nil, err
	}
	client.SetToken(token)
	k.client = client
	return client, nil
}

// denied has the next call log in again after a denial: tokens end.
func (k *KMS) denied(err error) error {
	if isDenied(err) {
		k.mu.Lock()
		k.client = nil
		k.mu.Unlock()
	}
	return err
}

func (k *KMS) token(ctx context.Context, client *api.Client) (string, error) {
	switch k.login.method {
	case authAppRole:
		role := os.Getenv(envRoleID)
		secret, err := k.credential(envSecretID, os.Getenv(envSecretIDFile))
		if role == "" || err != nil {
			return "", k.noCredential("set "+envRoleID+", and "+envSecretID+" or "+envSecretIDFile, err)
		}
		return k.exchange(ctx, client, map[string]any{"role_id": role, "secret_id": secret}, secret)
	case authKubernetes:
		path, role := os.Getenv(envJWTFile), os.Getenv(envRole)
		if path == "" {
			path = serviceAccount
		}
		jwt, err := k.credential("", path)
		if role == "" || err != nil {
			return "", k.noCredential("set "+envRole+", and have the service account's token mounted or named by "+envJWTFile, err)
		}
		return k.exchange(ctx, client, map[string]any{"role": role, "jwt": jwt}, jwt)
	}
	path := os.Getenv(envTokenFile)
	if path == "" {
		home, _ := os.UserHomeDir()
		path = filepath.Join(home, homeToken)
	}
	token, err := k.credential(api.EnvVaultToken, path)
	if err != nil {
		return "", k.noCredential("set "+api.EnvVaultToken+" or "+envTokenFile+", or write ~/"+homeToken, err)
	}
	return token, nil
}

// credential is what a variable holds, or else a file.
func (k *KMS) credential(variable, path string) (string, error) {
	from, text := variable, ""
	if variable != "" {
		text = os.Getenv(variable)
	}
	if text == "" {
		if path == "" {
			return "", errors.New("none of them is set")
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		from, text = path, string(content)
		clear(content)
	}
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New(from + " holds no credential")
	}
	return text, nil
}

func (k *KMS) noCredential(remedy string, err error) error {
	if err != nil {
		remedy += " (" + remote.OneLine(err.Error()) + ")"
	}
	return fmt.Errorf("%v %w: there are no credentials for it; %s", k.at, keyring.ErrDenied, remedy)
}

// exchange gives credentials for a token.
func (k *KMS) exchange(ctx context.Context, client *api.Client, credentials map[string]any, secret string) (string, error) {
	answer, err := client.Logical().WriteWithContext(ctx, "auth/"+k.login.mount+"/login", credentials)
	if err != nil {
		return "", k.fault("login", err, secret)
	}
	if answer == nil || answer.Auth == nil || answer.Auth.ClientToken == "" {
		return "", k.noField("auth.client_token")
	}
	return answer.Auth.ClientToken, nil
}
