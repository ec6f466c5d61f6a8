package kmstest

import (
	"os"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
)

// Real is a driver with a real server.
type Real struct {
	Subject
	Stop    func(t testing.TB) // ends the server
	Stopped error              // the class of every call after Stop
}

// Need ends a test for which a server is missing: by a failure where the environment promises all of them.
func Need(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("TDEPROXY_REQUIRE_SERVERS") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// Run runs the suite. It ends the server.
func (r Real) Run(t *testing.T) {
	r.Subject.Run(t)
	t.Run("Stopped", r.stopped)
}

// The server ends, and an open keyring goes on; what needs the server says so.
func (r Real) stopped(t *testing.T) {
	path, tableKey := r.rotatedKeyring(t)
	opened, err := keyring.Open(Bounded(t), path, r.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Destroy()
	used := r.Open(t)
	key, aad := NewKey()
	wrapped := MustWrap(t, used, key, aad)
	r.Stop(t)
	if _, err := opened.UnwrapTableKey(tableID, tableKey); err != nil {
		t.Errorf("without the KMS: %v", err)
	}
	if _, _, err := opened.NewTableKey(tableID); err != nil {
		t.Errorf("without the KMS: %v", err)
	}
	_, err = keyring.Open(Bounded(t), path, r.Open(t))
	r.Check(t, "keyring, stopped", err, r.Stopped, nil)
	r.Both(t, "stopped", used, wrapped, r.Stopped)
}
