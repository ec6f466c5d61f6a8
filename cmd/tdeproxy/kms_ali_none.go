//go:build no_alicloudkms

package main

// alicloudKMS was left out.
func alicloudKMS() opener { return nil }
