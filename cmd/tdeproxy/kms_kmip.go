//go:build !no_kmip

package main

import "github.com/tdeproxy/tdeproxy/keyring/kmipkms"

// kmipServer is a KMIP server.
func kmipServer() opener { return driver(kmipkms.New) }
