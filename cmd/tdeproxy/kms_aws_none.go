//go:build no_awskms

package main

// awsKMS was left out.
func awsKMS() opener { return nil }
