//go:build amd64 || arm64

package keyring

// clearVectors zeroes the vector registers that Go's AES and GCM use.
//
//go:noescape
func clearVectors()
