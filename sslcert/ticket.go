package sslcert

import (
	"crypto/rand"
	"crypto/tls"
	"sync"
	"time"
)

// A ticket key seals new session tickets for a day and opens them for a week, as crypto/tls does with the keys that
// it makes by itself.
const (
	ticketKeyAge = 24 * time.Hour
	ticketKeys   = 7
)

// tickets are the session ticket keys of one generation. crypto/tls would make and rotate keys of its own, but a
// config that comes out of another one's GetConfigForClient without keys inherits that one's, and then a resuming
// client goes on with the certificate that was replaced.
type tickets struct {
	mu   sync.Mutex
	keys [][32]byte // newest first
	made time.Time  // when keys[0] was
}

// rotate gives config a new key when the newest is older than a day, or when there is none.
func (t *tickets) rotate(config *tls.Config, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.keys) > 0 && now.Sub(t.made) < ticketKeyAge {
		return
	}
	var key [32]byte
	rand.Read(key[:]) // never fails
	t.keys = append([][32]byte{key}, t.keys[:min(len(t.keys), ticketKeys-1)]...)
	t.made = now
	config.SetSessionTicketKeys(t.keys)
}
