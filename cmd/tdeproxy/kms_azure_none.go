//go:build no_azurekeyvault

package main

// azureKeyVault was left out.
func azureKeyVault() opener { return nil }
