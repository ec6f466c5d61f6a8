// Package proxy accepts clients and watches over their sessions: connection limit, drain, and a reaper that notices a
// client or an upstream that vanished while its session waits for the other side.
package proxy
