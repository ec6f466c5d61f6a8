package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// firstDescriptor is the first that systemd passes; see sd_listen_fds(3).
const firstDescriptor = 3

// adminSocket is the name (FileDescriptorName=) of a passed socket that is the admin listener; any other is for clients.
const adminSocket = "admin"

// passedListeners are the sockets that systemd, or whoever started the process, holds open for it: clients that connect while
// the proxy is restarted wait there instead of being refused. Both are nil where there are none. The environment forgets
// them, so that the evaluator's server does not take them for its own.
func passedListeners() (clients, admin net.Listener, err error) {
	pid, count, names := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 {
		return nil, nil, fmt.Errorf("LISTEN_FDS is %q, not a number of sockets", count)
	}
	for i := range n {
		syscall.CloseOnExec(firstDescriptor + i)
		name := ""
		if i < len(names) {
			name = names[i]
		}
		file := os.NewFile(uintptr(firstDescriptor+i), name)
		l, err := net.FileListener(file)
		file.Close() // FileListener has a copy
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("socket %d that was passed (%s): %w", i, name, err)
		case name == adminSocket && admin == nil:
			admin = l
		case clients == nil:
			clients = l
		default:
			return nil, nil, fmt.Errorf("socket %d that was passed (%s) is one more than the proxy listens on: one for clients, one named %s", i, name, adminSocket)
		}
	}
	return clients, admin, nil
}

// listen listens on a configured address, or takes what was passed in its place.
func listen(key, address string, passed net.Listener) (net.Listener, error) {
	if passed != nil {
		return passed, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}
