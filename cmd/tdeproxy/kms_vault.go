//go:build !no_vault

package main

import "github.com/tdeproxy/tdeproxy/keyring/vaultkms"

// vaultTransit is HashiCorp Vault, or OpenBao.
func vaultTransit() opener { return driver(vaultkms.New) }
