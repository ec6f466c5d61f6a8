//go:build !pkcs11

package main

// pkcs11Token was left out.
func pkcs11Token() opener { return nil }
