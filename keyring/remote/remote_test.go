package remote_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/keyring/remote"
)

func TestFault(t *testing.T) {
	key := remote.Key{KMS: "Example KMS", Name: "k", Access: "ask for it", State: "mend it"}
	for class, want := range map[error]string{
		keyring.ErrDenied:      "Example KMS denies access: key k: a line; ask for it",
		keyring.ErrKeyState:    "Example KMS has no usable key: key k: a line; mend it",
		keyring.ErrUnavailable: "Example KMS cannot be used at the moment: key k: a line; check the network between here and there, or wait until the KMS is back",
		keyring.ErrWrongKey:    "the key is not wrapped by this KMS key: Example KMS key k: a line; another key wrapped it, or for another keyring or version",
	} {
		err := key.Fault(class, "a\nline")
		if !errors.Is(err, class) || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if long := key.Fault(keyring.ErrAnswer, strings.Repeat("é", 5000)).Error(); len(long) > 500 || strings.Contains(long, "\ufffd") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}

// Identifiers are shown; what could be a text or a token is not.
func TestCode(t *testing.T) {
	for _, c := range [][3]string{
		{"AccessDenied", "", "AccessDenied"},
		{"Rejected.Disabled", "475f1620-b9d3", "Rejected.Disabled (request 475f1620-b9d3)"},
		{"", "1", "an error without a code (request 1)"},
		{"the token eyJ…", "a b", "an error without a code"},
		{strings.Repeat("a", 81), strings.Repeat("b", 81), "an error without a code"},
		{"a\nb", "ü", "an error without a code"},
	} {
		if got := remote.Code(c[0], c[1]); got != c[2] {
			t.Errorf("%q, want %q", got, c[2])
		}
	}
}

func TestParams(t *testing.T) {
	for text, want := range map[string]string{
		"x://h/k":                       "",
		"x://h/k?endpoint=a":            "",
		"x://h/k?endpoint=a&other=":     `"other"`,
		"x://h/k?a=b":                   `"a"`,
		"x://h/k?endpoint=a&endpoint=b": "one value",
		"x://h/k?endpoint":              "one value",
		"x://h/k?a;b=%zz":               "cannot be read",
		"x://h/k#part":                  "not of the form",
		"x:k":                           "not of the form",
		"x://user@h/k":                  "names a user",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = remote.Params(u, "endpoint")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://kms.example.com": true, "https://kms.example.com:8443/": true, "http://127.0.0.1:1": true, "http://[::1]:1": true,
		"http://localhost": true, "http://kms.example.com": false, "http://127.0.0.1.example.com": false, "kms.example.com": false,
		"https://": false, "https://u:p@h": false, "https://h/path": false, "https://h?a=b": false, "ftp://localhost": false, "%": false,
	} {
		u, err := remote.Endpoint(map[string]string{"endpoint": text})
		if (err == nil) != ok || ok && u.String() != strings.TrimSuffix(text, "/") {
			t.Errorf("%s: %v, %v", text, u, err)
		}
		if err != nil && strings.Contains(err.Error(), "u:p") {
			t.Errorf("%v shows the password", err)
		}
	}
	if u, err := remote.Endpoint(nil); u != nil || err != nil {
		t.Errorf("%v, %v", u, err)
	}
}
