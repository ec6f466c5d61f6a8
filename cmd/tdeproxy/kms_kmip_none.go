//go:build no_kmip

package main

// kmipServer was left out.
func kmipServer() opener { return nil }
