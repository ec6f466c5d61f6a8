package kmstest

import (
	"io"
	"net"
	"testing"
)

// Listen accepts connections on a loopback port until the test ends, and has each handled.
func Listen(t testing.TB, handle func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return l.Addr().String()
}

// Mute says nothing.
func Mute(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// Close ends the connection as soon as something comes.
func Close(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }

// Say answers whatever comes, each time, with a text.
func Say(text string) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := c.Read(make([]byte, 4096)); err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
		}
	}
}

// SayOnce says a text once, and ends the connection.
func SayOnce(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, text)
	}
}
