//go:build !no_alicloudkms

package main

import "github.com/tdeproxy/tdeproxy/keyring/alikms"

// alicloudKMS is Alibaba Cloud KMS.
func alicloudKMS() opener { return driver(alikms.Open) }
