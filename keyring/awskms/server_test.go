package awskms_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/keyring/kmstest"
)

const (
	region    = "eu-central-1"
	account   = "111122223333"
	accessKey = "AKIDEXAMPLECANARY"
	secretKey = "wJalrXUtnFEMI/canary+secret/bPxRfiCYEXAMPLEKEY"
	session   = "IQoJb3JpZ2luX2Vj/canary+session/EXAMPLETOKEN=="
)

// server speaks KMS's JSON 1.1 and checks signatures (Signature Version 4) by itself.
type server struct {
	*kmstest.Server
	keys    map[string]*kmstest.CMK // by id
	aliases map[string]string
	secret  map[string][2]string // of an access key: the secret and the session token
}

func newServer(t testing.TB) *server {
	s := &server{
		keys: map[string]*kmstest.CMK{"1234abcd-12ab-34cd-56ef-1234567890ab": kmstest.NewCMK(),
			"99999999-12ab-34cd-56ef-1234567890ab": kmstest.NewCMK()},
		aliases: map[string]string{"alias/tdeproxy": "1234abcd-12ab-34cd-56ef-1234567890ab",
			"alias/other": "99999999-12ab-34cd-56ef-1234567890ab"},
		secret: map[string][2]string{accessKey: {secretKey, session}},
	}
	s.Server = kmstest.NewServer(t, s)
	return s
}

func (s *server) key() *kmstest.CMK { return s.keys[s.aliases["alias/tdeproxy"]] }

// request is the union of what Encrypt and Decrypt take.
type request struct {
	KeyID             string            `json:"KeyId"`
	Plaintext         []byte            `json:"Plaintext"`
	CiphertextBlob    []byte            `json:"CiphertextBlob"`
	EncryptionContext map[string]string `json:"EncryptionContext"`
}

// refusals are KMS's answers to faults.
var refusals = map[kmstest.Fault]struct {
	status int
	code   string
}{
	kmstest.Throttle:        {400, "ThrottlingException"},
	kmstest.Internal:        {500, "KMSInternalException"},
	kmstest.Busy:            {503, "ServiceUnavailable"},
	kmstest.Denied:          {400, "AccessDeniedException"},
	kmstest.Unauthenticated: {400, "UnrecognizedClientException"},
	kmstest.Disabled:        {400, "DisabledException"},
	kmstest.PendingDeletion: {400, "KMSInvalidStateException"},
	kmstest.NotFound:        {400, "NotFoundException"},
	kmstest.WrongUsage:      {400, "InvalidKeyUsageException"},
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if err := s.verify(r, body); err != nil {
		// As AWS does, with the headers of the request, the session token among them.
		s.refuse(w, 403, "InvalidSignatureException", fmt.Sprintf("%v\n%v", err, r.Header))
		return
	}
	if f, ok := refusals[s.Fault()]; ok {
		s.refuse(w, f.status, f.code, "told to; token "+r.Header.Get("X-Amz-Security-Token"))
		return
	}
	var in request
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		s.refuse(w, 400, "SerializationException", fmt.Sprint(err))
		return
	}
	id, cmk := s.find(in.KeyID)
	if cmk == nil {
		s.refuse(w, 400, "NotFoundException", in.KeyID)
		return
	}
	switch r.Header.Get("X-Amz-Target") {
	case "TrentService.Encrypt":
		s.encrypt(w, id, cmk, in)
	case "TrentService.Decrypt":
		s.decrypt(w, id, cmk, in)
	default:
		s.refuse(w, 400, "UnknownOperationException", "")
	}
}

func (s *server) find(name string) (string, *kmstest.CMK) {
	name = strings.TrimPrefix(name, "arn:aws:kms:"+region+":"+account+":")
	name = strings.TrimPrefix(name, "key/")
	if id, ok := s.aliases[name]; ok {
		name = id
	}
	return name, s.keys[name]
}

// contextBytes is an encryption context in one form, without which nothing is wrapped here.
func contextBytes(context map[string]string) []byte {
	b, _ := json.Marshal(context) // sorted by key
	return b
}

// A ciphertext begins with its key's id, as KMS's do in a form of their own.
const idSize = 36

func (s *server) encrypt(w http.ResponseWriter, id string, cmk *kmstest.CMK, in request) {
	if len(in.Plaintext) == 0 || len(in.EncryptionContext) == 0 || len(in.CiphertextBlob) != 0 {
		s.refuse(w, 400, "ValidationException", "")
		return
	}
	blob, _ := cmk.Seal(in.Plaintext, contextBytes(in.EncryptionContext))
	blob = append([]byte(id), blob...)
	if s.Fault() == kmstest.ShortKey {
		blob = nil
	}
	s.answer(w, 200, map[string]any{"CiphertextBlob": blob, "KeyId": arn(id), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
}

func (s *server) decrypt(w http.ResponseWriter, id string, cmk *kmstest.CMK, in request) {
	if len(in.CiphertextBlob) == 0 || len(in.Plaintext) != 0 {
		s.refuse(w, 400, "ValidationException", "")
		return
	}
	if len(in.CiphertextBlob) < idSize || s.keys[string(in.CiphertextBlob[:idSize])] == nil {
		s.refuse(w, 400, "InvalidCiphertextException", "")
		return
	}
	if string(in.CiphertextBlob[:idSize]) != id {
		s.refuse(w, 400, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
		return
	}
	plain, _, err := cmk.Open(in.CiphertextBlob[idSize:], contextBytes(in.EncryptionContext))
	if err != nil {
		s.refuse(w, 400, "InvalidCiphertextException", "")
		return
	}
	if s.Fault() == kmstest.ShortKey {
		plain = plain[:15]
	}
	s.answer(w, 200, map[string]any{"Plaintext": plain, "KeyId": arn(id), "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
}

func arn(id string) string { return "arn:aws:kms:" + region + ":" + account + ":key/" + id }

func (s *server) refuse(w http.ResponseWriter, status int, code, message string) {
	s.answer(w, status, map[string]any{"__type": code, "message": message})
}

func (s *server) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Requestid", "7a1b2c3d-0000-4444-8888-123456789abc")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// verify checks the signature as AWS's documentation of Signature Version 4 describes it.
func (s *server) verify(r *http.Request, body []byte) error {
	fields, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok || r.Method != http.MethodPost || r.URL.Path != "/" || r.URL.RawQuery != "" {
		return errors.New("not a signed POST /")
	}
	auth := map[string]string{}
	for _, field := range strings.Split(fields, ", ") {
		name, value, _ := strings.Cut(field, "=")
		auth[name] = value
	}
	id, scope, _ := strings.Cut(auth["Credential"], "/")
	credentials, ok := s.secret[id]
	if !ok {
		return errors.New("unknown access key")
	}
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		return errors.New("clock skew")
	}
	if scope != date[:8]+"/"+region+"/kms/aws4_request" || r.Header.Get("X-Amz-Security-Token") != credentials[1] {
		return errors.New("wrong scope or session token")
	}
	signed := strings.Split(auth["SignedHeaders"], ";")
	for _, needed := range []string{"host", "x-amz-date", "x-amz-target", "x-amz-security-token"} {
		if !slices.Contains(signed, needed) {
			return errors.New("not signed: " + needed)
		}
	}
	headers := map[string]string{"host": r.Host, "content-length": fmt.Sprint(r.ContentLength)}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.TrimSpace(strings.Join(values, ","))
	}
	canonical := "POST\n/\n\n"
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if slices.Contains(signed, name) {
			canonical += name + ":" + headers[name] + "\n"
		}
	}
	canonical += "\n" + auth["SignedHeaders"] + "\n" + hash(body)
	key := []byte("AWS4" + credentials[0])
	for _, part := range strings.Split(scope, "/") {
		key = sum(key, part)
	}
	want := hex.EncodeToString(sum(key, "AWS4-HMAC-SHA256\n"+date+"\n"+scope+"\n"+hash([]byte(canonical))))
	if auth["Signature"] != want {
		return errors.New("the signature does not match")
	}
	return nil
}

func sum(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
