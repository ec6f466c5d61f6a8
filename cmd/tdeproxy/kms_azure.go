//go:build !no_azurekeyvault

package main

import "github.com/tdeproxy/tdeproxy/keyring/azurekms"

// azureKeyVault is Azure Key Vault.
func azureKeyVault() opener { return driver(azurekms.Open) }
