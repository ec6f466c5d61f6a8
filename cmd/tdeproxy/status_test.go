package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// What the page says of a conversion, and that it is renewed sooner then.
func TestStatusConversion(t *testing.T) {
	render := func(p *statusPage) string {
		t.Helper()
		var b bytes.Buffer
		if err := statusTemplate.Execute(&b, p); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	page := render(&statusPage{Conversion: &conversionRow{Table: "shop.<orders>", Encrypt: true, Rows: 80553, Of: 398074}})
	for _, want := range []string{"Encrypting shop.&lt;orders&gt;", "width:20.2%", "80\u202f553 of about 398\u202f074 rows", `content="5"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	page = render(&statusPage{Conversion: &conversionRow{Table: "t", Rows: 12, Of: 10}})
	if !strings.Contains(page, "Decrypting t") || !strings.Contains(page, "width:100.0%") {
		t.Error("a decryption of more rows than were thought")
	}
	if page = render(&statusPage{}); strings.Contains(page, "crypting") || !strings.Contains(page, `content="30"`) {
		t.Error("a page without a conversion")
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 432 * time.Microsecond: "432µs", 1049 * time.Microsecond: "1.05ms", 261363 * time.Microsecond: "261ms",
		19224317 * time.Microsecond: "19.2s", 10 * time.Second: "10s", 50 * time.Second: "50s", 3700 * time.Second: "1h1m40s",
	} {
		if got := took(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
	if got := most(10 * time.Second); got != "over 10s" {
		t.Errorf("the last bound: %s", got)
	}
	for v, want := range map[float64]string{0: "0 /s", 1.2345: "1.23 /s", 50000: "50\u202f000 /s"} {
		if got := perSecond(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
