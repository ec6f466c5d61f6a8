package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tdeproxy/tdeproxy/proxy"
	"github.com/tdeproxy/tdeproxy/sslcert"
)

const alertsFile = "../../docs/alerts.yml"

// The example alerts ask for metrics that there are, with labels that they have.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "certs")
	if _, err := sslcert.Create(dir, sslcert.Options{}); err != nil {
		t.Fatal(err)
	}
	store, err := sslcert.Open(dir, sslcert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	metrics := newMetrics(&proxy.Server{})
	registerOpened(metrics, store, sslcert.NewRenewer(dir, store, sslcert.RenewOptions{}), &rings{})
	metrics.MustRegister(newStatements(&service{}))
	known := describe(metrics)
	known[`up{job="tdeproxy"}`] = true // Prometheus' own
	rules := regexp.MustCompile(`(?m)^      - alert: (\w+)$`).FindAllStringSubmatch(string(text), -1)
	exprs := regexp.MustCompile(`(?m)^        expr: (.+)$`).FindAllStringSubmatch(string(text), -1)
	if len(rules) != 12 || len(exprs) != len(rules) {
		t.Fatalf("%d alerts with %d expressions, want 12", len(rules), len(exprs))
	}
	for i, expr := range exprs {
		names := regexp.MustCompile(`(tdeproxy_\w+|\bup)(\{[^}]*\})?`).FindAllString(expr[1], -1)
		if len(names) == 0 {
			t.Errorf("%s asks for no metric", rules[i][1])
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s asks for %s, which there is not", rules[i][1], name)
			}
		}
	}
	if strings.Contains(string(text), "\t") {
		t.Error("YAML has no tabs")
	}
}

// describe lists the metrics as a query names them, without labels that scraping adds.
func describe(metrics prometheus.Collector) map[string]bool {
	known := map[string]bool{}
	ch := make(chan *prometheus.Desc)
	go func() {
		defer close(ch)
		metrics.Describe(ch)
	}()
	form := regexp.MustCompile(`fqName: "([^"]+)".*constLabels: (\{[^}]*\})`)
	for desc := range ch {
		if m := form.FindStringSubmatch(desc.String()); m != nil {
			known[m[1]+strings.TrimPrefix(m[2], "{}")] = true
		}
	}
	return known
}

// Prometheus itself reads the alerts, where it is installed, and fires each of them over the series of a test of its own.
func TestAlertsPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool here; TestAlerts checks the names")
	}
	for _, args := range [][]string{{"check", "rules", alertsFile}, {"test", "rules", "testdata/alerts.yml"}} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", args[0], err, out)
		}
	}
}
