package vaultkms

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Ways to log in.
const (
	authToken      = "token"
	authAppRole    = "approle"
	authKubernetes = "kubernetes"
)

// address is what the URL says.
type address struct {
	server    string // http(s)://HOST:PORT
	mount     string // of the transit engine; may have slashes
	key       string
	namespace string
	auth      string
	authMount string
}

// String is the key's URL without its options.
func (a address) String() string {
	_, host, _ := strings.Cut(a.server, "://")
	return "vault://" + host + "/" + a.mount + "/" + a.key
}

// path of an operation on the key, as a policy names it.
func (a address) path(operation string) string { return a.mount + "/" + operation + "/" + a.key }

const form = "vault://HOST:PORT/MOUNT/KEY, such as vault://vault.example.com:8200/transit/tdeproxy"

func parse(u *url.URL) (a address, err error) {
	if u.User != nil {
		return a, errors.New("a Vault's URL holds no user or password; docs/kms.md says where credentials come from")
	}
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	if u.Host == "" || u.Opaque != "" || u.Fragment != "" || len(path) < 2 || slices.Contains(path, "") || slices.Contains(path, "..") {
		return a, errors.New("a Vault's key is named as " + form)
	}
	a.mount, a.key = strings.Join(path[:len(path)-1], "/"), path[len(path)-1]
	a.server, a.auth = "https://"+u.Host, authToken
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return a, fmt.Errorf("%v: options that are none", a)
	}
	for name, values := range options {
		if err := a.set(name, values[len(values)-1], u.Hostname()); err != nil {
			return a, fmt.Errorf("%v: %w", a, err)
		}
	}
	if a.authMount == "" {
		a.authMount = a.auth
	}
	return a, nil
}

func (a *address) set(name, value, host string) error {
	switch name {
	case "namespace":
		a.namespace = value
	case "auth":
		if !slices.Contains([]string{authToken, authAppRole, authKubernetes}, value) {
			return errors.New("auth is token, approle or kubernetes")
		}
		a.auth = value
	case "auth-mount":
		a.authMount = strings.Trim(value, "/")
	case "tls":
		if value != "off" {
			return errors.New("tls is off or not there")
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return errors.New("tls=off is for a Vault on this machine, at a loopback address; keys would cross the network in clear")
		}
		a.server = "http://" + strings.TrimPrefix(a.server, "https://")
	default:
		return fmt.Errorf("no option %q; there are namespace, auth, auth-mount and tls", name)
	}
	return nil
}
