//go:build !no_gcpkms

package main

import "github.com/tdeproxy/tdeproxy/keyring/gcpkms"

// googleKMS is Google Cloud KMS.
func googleKMS() opener { return driver(gcpkms.Open) }
