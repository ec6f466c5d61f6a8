package main

import (
	"net"
	"os"
)

// notify tells systemd of the service's state (READY=1, STOPPING=1) where it asked to be told; see sd_notify(3).
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' { // an abstract socket
		path = "\x00" + path[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return // systemd's own timeout will tell
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}
