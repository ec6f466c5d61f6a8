package config

import _ "embed"

//go:embed template.toml
var template string

// Template returns the commented configuration file that tdeproxy init writes: every key with its default, so that
// Load accepts it as it is.
func Template() string { return template }
