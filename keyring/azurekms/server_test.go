package azurekms_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

const (
	tenant       = "11111111-2222-3333-4444-555555555555"
	clientID     = "99999999-2222-3333-4444-555555555555"
	clientSecret = "canary~secret.of-an-app-registration"
)

// server speaks Key Vault's REST interface. RSA keys wrap and unwrap, AES keys encrypt and decrypt with GCM.
type server struct {
	*kmstest.Server
	mu     sync.Mutex
	rsa    map[string][]*rsa.PrivateKey // by name, one a version
	aes    map[string]*kmstest.CMK
	tokens map[string]bool
	// challenge is what WWW-Authenticate says, where it is not what a vault says.
	challenge string
	authority string
}

func newServer(t testing.TB) *server {
	s := &server{rsa: map[string][]*rsa.PrivateKey{}, aes: map[string]*kmstest.CMK{"aes": kmstest.NewCMK(), "otheraes": kmstest.NewCMK()},
		tokens: map[string]bool{}, authority: "https://login.microsoftonline.com"}
	s.rotate("tdeproxy")
	s.rotate("other")
	s.Server = kmstest.NewTLSServer(t, s)
	return s
}

func (s *server) rotate(name string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rsa[name] = append(s.rsa[name], key)
}

// refusals are a vault's answers to faults.
var refusals = map[kmstest.Fault]struct {
	status      int
	code, inner string
}{
	kmstest.Throttle:        {429, "Throttled", ""},
	kmstest.Internal:        {500, "InternalServerError", ""},
	kmstest.Busy:            {503, "ServiceUnavailable", ""},
	kmstest.Denied:          {403, "Forbidden", "ForbiddenByRbac"},
	kmstest.Unauthenticated: {401, "Unauthorized", ""},
	kmstest.Disabled:        {403, "Forbidden", "KeyDisabled"},
	kmstest.PendingDeletion: {409, "Conflict", "ObjectIsDeletedButRecoverable"},
	kmstest.NotFound:        {404, "KeyNotFound", ""},
	kmstest.WrongUsage:      {403, "Forbidden", "KeyOperationForbidden"},
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !s.tokens[bearer] {
		s.refuse(w, 401, "Unauthorized", "", "token "+bearer)
		return
	}
	if f, ok := refusals[s.Fault()]; ok {
		s.refuse(w, f.status, f.code, f.inner, "told to\n"+bearer)
		return
	}
	path := strings.Split(r.URL.Path, "/") // "", keys, name, version where one is named, operation
	if len(path) == 4 {
		path = slices.Insert(path, 3, "")
	}
	var in request
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || len(path) != 5 || path[1] != "keys" || r.Method != http.MethodPost || r.URL.Query().Get("api-version") == "" {
		s.refuse(w, 400, "BadParameter", "", fmt.Sprint(err))
		return
	}
	name, operation := path[2], path[4]
	newest := max(len(s.rsa[name]), s.versions(name))
	version := newest
	if path[3] != "" {
		n, err := strconv.ParseUint(path[3], 16, 32)
		if version = int(n); err != nil || len(path[3]) != 32 {
			version = 0
		}
	}
	if version < 1 || version > newest {
		s.refuse(w, 404, "KeyNotFound", "", "")
		return
	}
	out, err := s.operate(name, version, operation, in)
	if err != nil {
		s.refuse(w, 400, "BadParameter", "", err.Error())
		return
	}
	out["kid"] = fmt.Sprintf("%s/keys/%s/%032x", s.URL, name, version)
	s.answer(w, 200, out)
}

// versions of an AES key.
func (s *server) versions(name string) int {
	if s.aes[name] == nil {
		return 0
	}
	_, n := s.aes[name].Seal(nil, nil)
	return n
}

// request is what an operation takes, in base64 of URLs.
type request struct {
	Alg   string `json:"alg"`
	Value string `json:"value"`
	AAD   string `json:"aad"`
	IV    string `json:"iv"`
	Tag   string `json:"tag"`
}

var b64 = base64.RawURLEncoding

func (s *server) operate(name string, version int, operation string, in request) (map[string]any, error) {
	value, err := b64.DecodeString(in.Value)
	if err != nil || len(value) == 0 {
		return nil, errors.New("no value")
	}
	switch {
	case operation == "wrapkey" && in.Alg == "RSA-OAEP-256" && s.rsa[name] != nil:
		sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &s.rsa[name][version-1].PublicKey, value, nil)
		return s.result(sealed, true), err
	case operation == "unwrapkey" && in.Alg == "RSA-OAEP-256" && s.rsa[name] != nil:
		plain, err := rsa.DecryptOAEP(sha256.New(), nil, s.rsa[name][version-1], value, nil)
		return s.result(plain, false), err
	case operation == "encrypt" && in.Alg == "A256GCM" && s.aes[name] != nil:
		return s.encrypt(name, version, value, in.AAD)
	case operation == "decrypt" && in.Alg == "A256GCM" && s.aes[name] != nil:
		return s.decrypt(name, version, value, in)
	}
	return nil, errors.New("the key cannot do this")
}

// result shortens what a fault wants short.
func (s *server) result(value []byte, sealed bool) map[string]any {
	if s.Fault() == kmstest.ShortKey {
		value = value[:min(15, len(value))]
		if sealed {
			value = nil
		}
	}
	return map[string]any{"value": b64.EncodeToString(value)}
}

func (s *server) encrypt(name string, version int, value []byte, aad string) (map[string]any, error) {
	bound, err := b64.DecodeString(aad)
	blob, n := s.aes[name].Seal(value, bound) // version (4), nonce (12), ciphertext, tag (16)
	if err != nil || n != version || len(bound) == 0 {
		return nil, errors.New("not here")
	}
	out := s.result(blob[16:len(blob)-16], true)
	out["iv"], out["tag"] = b64.EncodeToString(blob[4:16]), b64.EncodeToString(blob[len(blob)-16:])
	return out, nil
}

func (s *server) decrypt(name string, version int, value []byte, in request) (map[string]any, error) {
	bound, err := b64.DecodeString(in.AAD)
	iv, err2 := b64.DecodeString(in.IV)
	tag, err3 := b64.DecodeString(in.Tag)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	blob := binary.BigEndian.AppendUint32(nil, uint32(version))
	plain, _, err := s.aes[name].Open(bytes.Join([][]byte{blob, iv, value, tag}, nil), bound)
	return s.result(plain, false), err
}

func (s *server) refuse(w http.ResponseWriter, status int, code, inner, message string) {
	if status == 401 {
		challenge := s.challenge
		if challenge == "" {
			challenge = fmt.Sprintf(`Bearer authorization="%s/%s", resource="https://vault.azure.net"`, s.authority, tenant)
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	fault := map[string]any{"code": code, "message": message}
	if inner != "" {
		fault["innererror"] = map[string]any{"code": inner}
	}
	s.answer(w, status, map[string]any{"error": fault})
}

func (s *server) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("x-ms-request-id", "3c1f6a64-0000-4444-8888-b3a7f1d2aaaa")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// issue makes a token that the vault will take.
func (s *server) issue() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "eyJ.canary-" + rand.Text()
	s.tokens[token] = true
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600}
}

// authority is Entra ID: it gives tokens for a client's secret or a federated assertion.
type authority struct {
	vault  *server
	status int // what it answers instead of a token; 0 is a token
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	base := "https://" + r.Host + "/" + tenant
	switch {
	case r.URL.Path == "/"+tenant+"/v2.0/.well-known/openid-configuration":
		a.vault.answer(w, 200, map[string]any{"issuer": base + "/v2.0", "authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"token_endpoint": base + "/oauth2/v2.0/token"})
	case r.Method != http.MethodPost || r.URL.Path != "/"+tenant+"/oauth2/v2.0/token":
		http.NotFound(w, r)
	case a.status != 0:
		a.vault.answer(w, a.status, map[string]any{"error": "temporarily_unavailable", "error_description": string(body)})
	case r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != clientID ||
		!strings.Contains(r.FormValue("scope"), "https://vault.azure.net/.default") ||
		r.FormValue("client_secret") != clientSecret && r.FormValue("client_assertion") != "canary.web.identity":
		a.vault.answer(w, 401, map[string]any{"error": "invalid_client", "error_codes": []int{7000215},
			"error_description": "AADSTS7000215: Invalid client secret provided.\r\n" + string(body)})
	default:
		a.vault.answer(w, 200, a.vault.issue())
	}
}
