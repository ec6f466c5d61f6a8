//go:build no_gcpkms

package main

// googleKMS was left out.
func googleKMS() opener { return nil }
