//go:build pkcs11

package main

import "github.com/tdeproxy/tdeproxy/keyring/pkcs11kms"

// pkcs11Token is a PKCS#11 token.
func pkcs11Token() opener { return driver(pkcs11kms.New) }
