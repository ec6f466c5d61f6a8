package main

import (
	"maps"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// registry tells the core of the plugins that are compiled in. Without one it fails when it lists what is mounted.
type registry map[consts.PluginType]map[string]logical.Factory

// Contains says whether a plugin is there.
func (r registry) Contains(name string, kind consts.PluginType) bool {
	_, ok := r[kind][name]
	return ok
}

// Get gives what makes a plugin's factory.
func (r registry) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	factory, ok := r[kind][name]
	return func() (any, error) { return factory, nil }, ok
}

// Keys lists the plugins of a kind.
func (r registry) Keys(kind consts.PluginType) []string { return slices.Sorted(maps.Keys(r[kind])) }

// DeprecationStatus is that of a supported one.
func (r registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, r.Contains(name, kind)
}
