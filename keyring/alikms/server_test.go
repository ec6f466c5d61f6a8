package alikms_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

const (
	region    = "cn-hangzhou"
	accessKey = "LTAI5tExampleCanary"
	secretKey = "canary-secret-8Kd2mExampleOfAlibaba"
	keyID     = "key-hzz62f1cb66fa42qo1234"
	otherID   = "key-hzz99999999942qo9999"
)

// server speaks KMS's RPC protocol, version 2016-01-20, and checks signatures (ACS3-HMAC-SHA256) by itself.
type server struct {
	*kmstest.Server
	keys    map[string]*kmstest.CMK
	aliases map[string]string
	secret  map[string][2]string // of an access key: the secret and the session token

	mu     sync.Mutex
	nonces map[string]bool
}

func newServer(t testing.TB) *server {
	s := &server{
		keys:    map[string]*kmstest.CMK{keyID: kmstest.NewCMK(), otherID: kmstest.NewCMK()},
		aliases: map[string]string{"alias/tdeproxy": keyID, "alias/other": otherID},
		secret:  map[string][2]string{accessKey: {secretKey, ""}},
		nonces:  map[string]bool{},
	}
	s.Server = kmstest.NewServer(t, s)
	return s
}

// refusals are KMS's answers to faults.
var refusals = map[kmstest.Fault]struct {
	status int
	code   string
}{
	kmstest.Throttle:        {429, "Rejected.Throttling"},
	kmstest.Internal:        {500, "InternalFailure"},
	kmstest.Busy:            {503, "ServiceUnavailableTemporary"},
	kmstest.Denied:          {403, "Forbidden.NoPermission"},
	kmstest.Unauthenticated: {404, "InvalidAccessKeyId.NotFound"},
	kmstest.NotFound:        {404, "Forbidden.KeyNotFound"},
	kmstest.Disabled:        {409, "Rejected.Disabled"},
	kmstest.PendingDeletion: {409, "Rejected.PendingDeletion"},
	kmstest.WrongUsage:      {400, "UnsupportedOperation"},
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if err := s.verify(r, body); err != nil {
		// As Alibaba Cloud does, with what it made of the request.
		s.refuse(w, 400, "SignatureDoesNotMatch", fmt.Sprintf("%v\n%v %v", err, r.URL, r.Header))
		return
	}
	action, query := r.Header.Get("X-Acs-Action"), r.URL.Query()
	f, told := refusals[s.Fault()]
	if byState := f.status == 409 || s.Fault() == kmstest.WrongUsage; told && !(byState && action == "DescribeKey") {
		s.refuse(w, f.status, f.code, "told to\n"+r.URL.String())
		return
	}
	switch action {
	case "Encrypt":
		s.encrypt(w, query)
	case "Decrypt":
		s.decrypt(w, query)
	case "DescribeKey":
		if id := s.find(query.Get("KeyId")); id != "" {
			s.answer(w, 200, map[string]any{"KeyMetadata": map[string]any{"KeyId": id, "KeyState": "Enabled"}})
			return
		}
		s.refuse(w, 404, "Forbidden.AliasNotFound", "")
	default:
		s.refuse(w, 404, "InvalidAction.NotFound", action)
	}
}

func (s *server) find(name string) string {
	name = strings.TrimPrefix(name, "acs:kms:"+region+":1234567890:key/")
	if id, ok := s.aliases[name]; ok {
		return id
	}
	if s.keys[name] == nil {
		return ""
	}
	return name
}

// encryptionContext reads an encryption context into one form; without one nothing is wrapped here.
func encryptionContext(query url.Values) ([]byte, error) {
	var named map[string]string
	if err := json.Unmarshal([]byte(query.Get("EncryptionContext")), &named); err != nil || len(named) == 0 {
		return nil, errors.New("no context")
	}
	return json.Marshal(named)
}

func (s *server) encrypt(w http.ResponseWriter, query url.Values) {
	id := s.find(query.Get("KeyId"))
	if id == "" {
		s.refuse(w, 404, "Forbidden.KeyNotFound", "")
		return
	}
	named, err := encryptionContext(query)
	plain, err2 := base64.StdEncoding.DecodeString(query.Get("Plaintext"))
	if err := errors.Join(err, err2); err != nil || len(plain) == 0 || len(query) != 3 {
		s.refuse(w, 400, "InvalidParameter", fmt.Sprint(err))
		return
	}
	sealed, version := s.keys[id].Seal([]byte(query.Get("Plaintext")), named)
	blob := base64.StdEncoding.EncodeToString(append([]byte(id+"\n"), sealed...))
	if s.Fault() == kmstest.ShortKey {
		blob = ""
	}
	s.answer(w, 200, map[string]any{"KeyId": id, "KeyVersionId": fmt.Sprint("version-", version), "CiphertextBlob": blob})
}

// decrypt finds the key by the ciphertext, as KMS does.
func (s *server) decrypt(w http.ResponseWriter, query url.Values) {
	named, err := encryptionContext(query)
	blob, err2 := base64.StdEncoding.Strict().DecodeString(query.Get("CiphertextBlob"))
	id, sealed, ok := strings.Cut(string(blob), "\n")
	if err := errors.Join(err, err2); err != nil || !ok || s.keys[id] == nil || len(query) != 2 {
		s.refuse(w, 400, "InvalidParameter", "The specified parameter is not valid.")
		return
	}
	plain, version, err := s.keys[id].Open([]byte(sealed), named)
	if err != nil {
		s.refuse(w, 400, "InvalidParameter", "The specified parameter is not valid.")
		return
	}
	if s.Fault() == kmstest.ShortKey {
		plain = []byte(base64.StdEncoding.EncodeToString(make([]byte, 15)))
	}
	s.answer(w, 200, map[string]any{"KeyId": id, "KeyVersionId": fmt.Sprint("version-", version), "Plaintext": string(plain)})
}

const requestID = "475f1620-b9d3-4d35-b5c6-3fbdd941423d"

func (s *server) refuse(w http.ResponseWriter, status int, code, message string) {
	s.answer(w, status, map[string]any{"Code": code, "Message": message, "HostId": "kms"})
}

func (s *server) answer(w http.ResponseWriter, status int, body map[string]any) {
	body["RequestId"] = requestID
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// verify checks the signature as Alibaba Cloud's documentation of its version 3 describes it.
func (s *server) verify(r *http.Request, body []byte) error {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "ACS3-HMAC-SHA256 ")
	if r.Header.Get("Proxy-Authorization") != "" {
		return errors.New("the password of a proxy came along")
	}
	if !ok || r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("X-Acs-Version") != "2016-01-20" {
		return errors.New("not a signed POST /")
	}
	auth := map[string]string{}
	for _, field := range strings.Split(fields, ",") {
		name, value, _ := strings.Cut(field, "=")
		auth[name] = value
	}
	credentials, ok := s.secret[auth["Credential"]]
	if !ok || r.Header.Get("X-Acs-Security-Token") != credentials[1] {
		return errors.New("unknown access key or token")
	}
	at, err := time.Parse(time.RFC3339, r.Header.Get("X-Acs-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		return errors.New("clock skew")
	}
	if err := s.once(r.Header.Get("X-Acs-Signature-Nonce")); err != nil {
		return err
	}
	signed := strings.Split(auth["SignedHeaders"], ";")
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		headers[name] = strings.TrimSpace(strings.Join(values, ","))
		if strings.HasPrefix(name, "x-acs-") && !slices.Contains(signed, name) {
			return errors.New("not signed: " + name)
		}
	}
	if !slices.Contains(signed, "host") || headers["x-acs-content-sha256"] != hash(body) {
		return errors.New("host or body is not signed")
	}
	canonical := "POST\n/\n" + canonicalQuery(r.URL.Query()) + "\n"
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if slices.Contains(signed, name) {
			canonical += name + ":" + headers[name] + "\n"
		}
	}
	canonical += "\n" + auth["SignedHeaders"] + "\n" + hash(body)
	m := hmac.New(sha256.New, []byte(credentials[0]))
	m.Write([]byte("ACS3-HMAC-SHA256\n" + hash([]byte(canonical))))
	if auth["Signature"] != hex.EncodeToString(m.Sum(nil)) {
		return errors.New("the signature does not match")
	}
	return nil
}

// once refuses a nonce that was used.
func (s *server) once(nonce string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if nonce == "" || s.nonces[nonce] {
		return errors.New("the nonce was used")
	}
	s.nonces[nonce] = true
	return nil
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, percent(name)+"="+percent(value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// percent is RFC 3986's encoding.
func percent(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
