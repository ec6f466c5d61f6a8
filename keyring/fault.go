package keyring

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// What can be wrong with a KMS. A driver wraps one of these, or ErrWrongKey, with what the KMS said and what to do about
// it, in one line that holds neither key bytes nor credentials. Only ErrUnavailable is worth another try.
var (
	// ErrUnavailable : it cannot be reached, is slow, throttles, failed by its own fault, or its answer was cut short.
	ErrUnavailable = errors.New("cannot be used at the moment")
	// ErrDenied : it refuses these credentials, there are none, or a policy forbids the call.
	ErrDenied = errors.New("denies access")
	// ErrKeyState : the CMK is disabled, about to be deleted, deleted, not there, or of a kind that cannot wrap.
	ErrKeyState = errors.New("has no usable key")
	// ErrAnswer : what it answered is not what its protocol says.
	ErrAnswer = errors.New("gave an answer that is none")
)

// isFault says whether a driver has sorted an error.
func isFault(err error) bool {
	for _, fault := range []error{ErrUnavailable, ErrDenied, ErrKeyState, ErrAnswer, ErrWrongKey} {
		if errors.Is(err, fault) {
			return true
		}
	}
	return false
}

// EncryptionContext is associated data of a wrapped key in the form of named strings, for a KMS that takes those and shows
// them in its audit log and policies: the keyring's id, and which key of it. Data of another form, which only tests
// have, is one base64 string.
func EncryptionContext(aad []byte) map[string]string {
	rest, ok := strings.CutPrefix(string(aad), labelKMS)
	if !ok || len(rest) != len(ringID{})+1+4 {
		return map[string]string{"tdeproxy-aad": base64.StdEncoding.EncodeToString(aad)}
	}
	id, kind, version := rest[:16], rest[16], rest[17:]
	number := uint32(version[0])<<24 | uint32(version[1])<<16 | uint32(version[2])<<8 | uint32(version[3])
	return map[string]string{
		"tdeproxy-keyring": hex.EncodeToString([]byte(id)),
		"tdeproxy-key":     kindName(kind) + " " + strconv.FormatUint(uint64(number), 10),
	}
}

func kindName(kind byte) string {
	switch kind {
	case kindMaster:
		return "master key"
	case kindTokenRoot:
		return "token root"
	}
	return "kind " + strconv.Itoa(int(kind))
}
