package config

import (
	"reflect"
	"strings"
)

// live are the keys that a running proxy takes from a changed file; the others need a restart.
var live = map[string]bool{
	"listen.require_secure_transport": true,
	"listen.max_connections":          true,
	"listen.idle_timeout":             true,
	"listen.drain_timeout":            true,
	"log.level":                       true,
}

// Changed lists the keys in which two configurations differ, those that a running proxy can take and those that need a
// restart. Of [[encrypt]] and [[column]] only the section is named. No value is in it.
func Changed(before, after *Config) (taken, restart []string) {
	walk := func(path string, a, b any) {
		switch {
		case reflect.DeepEqual(a, b):
		case live[path]:
			taken = append(taken, path)
		default:
			restart = append(restart, path)
		}
	}
	fields(reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem(), "", walk)
	return taken, restart
}

// fields visits the keys of two configurations, each by its path.
func fields(a, b reflect.Value, prefix string, visit func(path string, a, b any)) {
	for i := range a.NumField() {
		path := prefix + strings.SplitN(a.Type().Field(i).Tag.Get("toml"), ",", 2)[0]
		if a.Field(i).Kind() == reflect.Struct {
			fields(a.Field(i), b.Field(i), path+".", visit)
			continue
		}
		visit(path, a.Field(i).Interface(), b.Field(i).Interface())
	}
}
