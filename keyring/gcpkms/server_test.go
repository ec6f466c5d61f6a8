package gcpkms_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

const (
	ring    = "projects/example/locations/europe-west3/keyRings/tde/cryptoKeys/"
	keyID   = ring + "tdeproxy"
	otherID = ring + "other"
	account = "tdeproxy@example.iam.gserviceaccount.com"
)

// server speaks KMS's REST interface, and is the token service that its bearer tokens come from.
type server struct {
	*kmstest.Server
	keys  map[string]*kmstest.CMK
	owner *rsa.PrivateKey // the service account's

	mu      sync.Mutex
	tokens  map[string]bool
	flip    string // a field of answers to be falsified
	tokenIs int    // a status that the token service answers instead of a token
}

func newServer(t testing.TB) *server {
	owner, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{
		keys:   map[string]*kmstest.CMK{keyID: kmstest.NewCMK(), otherID: kmstest.NewCMK()},
		owner:  owner,
		tokens: map[string]bool{},
	}
	s.Server = kmstest.NewServer(t, s)
	return s
}

// file is the service account's, as Google hands it out.
func (s *server) file(tokenURL string) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(s.owner)
	if err != nil {
		panic(err)
	}
	b, _ := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "example", "private_key_id": "abc123", "client_email": account,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_id":   "1", "token_uri": tokenURL, "universe_domain": "googleapis.com",
	})
	return b
}

// refusals are KMS's answers to faults.
var refusals = map[kmstest.Fault]struct {
	status int
	code   string
	reason string
}{
	kmstest.Throttle:        {429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"},
	kmstest.Internal:        {500, "INTERNAL", ""},
	kmstest.Busy:            {503, "UNAVAILABLE", ""},
	kmstest.Denied:          {403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED"},
	kmstest.Unauthenticated: {401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED"},
	kmstest.Disabled:        {400, "FAILED_PRECONDITION", "KEY_DISABLED"},
	kmstest.PendingDeletion: {400, "FAILED_PRECONDITION", "KEY_DESTROY_SCHEDULED"},
	kmstest.NotFound:        {404, "NOT_FOUND", ""},
	kmstest.WrongUsage:      {400, "FAILED_PRECONDITION", ""},
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !s.tokens[bearer] {
		s.refuse(w, 401, "UNAUTHENTICATED", "bad token "+bearer, "")
		return
	}
	if f, ok := refusals[s.Fault()]; ok {
		s.refuse(w, f.status, f.code, "told to\n"+bearer, f.reason)
		return
	}
	id, verb, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/"), ":")
	if !ok || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if s.keys[id] == nil {
		s.refuse(w, 404, "NOT_FOUND", "", "")
		return
	}
	var in request
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		s.refuse(w, 400, "INVALID_ARGUMENT", err.Error(), "")
		return
	}
	answer, err := s.crypt(id, verb, in)
	if err != nil {
		s.refuse(w, 400, "INVALID_ARGUMENT", err.Error(), "")
		return
	}
	if value, ok := answer[s.flip]; ok {
		answer[s.flip] = "1"
		if _, ok := value.(bool); ok {
			answer[s.flip] = false
		}
	}
	s.answer(w, 200, answer)
}

// request is the union of what encrypt and decrypt take.
type request struct {
	Plaintext        []byte  `json:"plaintext"`
	PlaintextCRC     *string `json:"plaintextCrc32c"`
	Ciphertext       []byte  `json:"ciphertext"`
	CiphertextCRC    *string `json:"ciphertextCrc32c"`
	AdditionalData   []byte  `json:"additionalAuthenticatedData"`
	AdditionalCRC    *string `json:"additionalAuthenticatedDataCrc32c"`
	ResponseEncoding string  `json:"-"`
}

func crc(b []byte) string {
	return fmt.Sprint(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func (s *server) crypt(id, verb string, in request) (map[string]any, error) {
	if in.AdditionalCRC == nil || *in.AdditionalCRC != crc(in.AdditionalData) || len(in.AdditionalData) == 0 {
		return nil, errors.New("the checksum of the additional data is not that of the data")
	}
	switch {
	case verb == "encrypt" && in.PlaintextCRC != nil && *in.PlaintextCRC == crc(in.Plaintext) && len(in.Plaintext) > 0:
		blob, version := s.keys[id].Seal(in.Plaintext, in.AdditionalData)
		if s.Fault() == kmstest.ShortKey {
			blob = nil
		}
		return map[string]any{
			"name": fmt.Sprintf("%s/cryptoKeyVersions/%d", id, version), "ciphertext": blob, "ciphertextCrc32c": crc(blob),
			"verifiedPlaintextCrc32c": true, "verifiedAdditionalAuthenticatedDataCrc32c": true, "protectionLevel": "SOFTWARE",
		}, nil
	case verb == "decrypt" && in.CiphertextCRC != nil && *in.CiphertextCRC == crc(in.Ciphertext):
		plain, _, err := s.keys[id].Open(in.Ciphertext, in.AdditionalData)
		if err != nil {
			return nil, errors.New("Decryption failed: verify that 'name' refers to the correct CryptoKey.")
		}
		if s.Fault() == kmstest.ShortKey {
			plain = plain[:15]
		}
		return map[string]any{"plaintext": plain, "plaintextCrc32c": crc(plain), "usedPrimary": true}, nil
	}
	return nil, errors.New("not a call")
}

func (s *server) refuse(w http.ResponseWriter, status int, code, message, reason string) {
	fault := map[string]any{"code": status, "status": code, "message": message}
	if reason != "" {
		fault["details"] = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}}
	}
	s.answer(w, status, map[string]any{"error": fault})
}

func (s *server) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// issue makes a token that KMS will take.
func (s *server) issue() string {
	token := "ya29.canary-" + rand.Text()
	s.tokens[token] = true
	return token
}

// exchange is the token service: a service account's signed assertion for a token (RFC 7523).
func (s *server) exchange(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokenIs != 0 {
		s.answer(w, s.tokenIs, map[string]any{"error": "invalid_grant", "error_description": r.FormValue("assertion")})
		return
	}
	if r.FormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		s.answer(w, 400, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	if err := s.verify(r.FormValue("assertion"), "http://"+r.Host+"/token"); err != nil {
		s.answer(w, 400, map[string]any{"error": "invalid_grant", "error_description": err.Error() + r.FormValue("assertion")})
		return
	}
	s.answer(w, 200, map[string]any{"access_token": s.issue(), "token_type": "Bearer", "expires_in": 3600})
}

// verify checks an assertion: RS256, of the account, for this service and the scope of KMS, and fresh.
func (s *server) verify(assertion, audience string) error {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return errors.New("no JWT")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&s.owner.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
		return err
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Iss, Aud, Scope string
		Iat, Exp        int64
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err
	}
	now := time.Now().Unix()
	if claims.Iss != account || claims.Aud != audience || claims.Scope != "https://www.googleapis.com/auth/cloudkms" ||
		claims.Iat > now+60 || claims.Exp < now || claims.Exp > claims.Iat+3600 {
		return fmt.Errorf("claims %+v", claims)
	}
	return nil
}
