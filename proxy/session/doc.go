// Package session serves one client: it connects upstream first and relays the greeting and the authentication, so that
// upstream's accounts are the only ones, and then passes commands and their answers on as packets, unread. A Guard may
// see each command before it is passed on, and answer it in upstream's place.
package session
