//go:build !no_awskms

package main

import "github.com/tdeproxy/tdeproxy/keyring/awskms"

// awsKMS is AWS KMS.
func awsKMS() opener { return driver(awskms.Open) }
