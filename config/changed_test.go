package config

import (
	"slices"
	"testing"
)

func TestChanged(t *testing.T) {
	before := Default()
	if taken, restart := Changed(before, Default()); taken != nil || restart != nil {
		t.Error(taken, restart)
	}
	after := Default()
	after.Listen.RequireSecureTransport, after.Listen.MaxConnections, after.Log.Level = true, 7, "debug"
	after.Upstream.Password, after.SSLCert.Names = "new", []string{"db"}
	after.Encrypt = []Encrypt{{Database: "shop"}}
	taken, restart := Changed(before, after)
	if want := []string{"listen.require_secure_transport", "listen.max_connections", "log.level"}; !slices.Equal(taken, want) {
		t.Errorf("taken %v, want %v", taken, want)
	}
	if want := []string{"upstream.password", "sslcert.names", "encrypt"}; !slices.Equal(restart, want) {
		t.Errorf("restart %v, want %v", restart, want)
	}
}

// Every live key is one that there is.
func TestLiveKeys(t *testing.T) {
	known := map[string]bool{}
	after := Default()
	after.Listen = Listen{RequireSecureTransport: true}
	after.Log = Log{}
	taken, _ := Changed(Default(), after)
	for _, k := range taken {
		known[k] = true
	}
	after.Listen = Default().Listen
	after.Listen.IdleTimeout = 1
	taken, _ = Changed(Default(), after)
	for _, k := range taken {
		known[k] = true
	}
	for k := range live {
		if !known[k] {
			t.Errorf("%s is no key", k)
		}
	}
}
