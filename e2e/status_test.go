package e2e_test

import (
	"fmt"
	"image"
	"image/color"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// Screenshots are kept in this folder, where it is set, for people to look at.
const screenshotsEnv = "TDEPROXY_TEST_SCREENSHOTS"

// The status page shows what is encrypted, what leaks, what fetches too much and the keys, holds no value, brings everything
// with it, and is painted by a browser without JavaScript, in the light and in the dark.
func TestStatusPage(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		o := observe(t, f, "status_page", nil)
		c := o.connect(t, 0)
		run(t, c, "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60), name VARCHAR(60), note TEXT, UNIQUE KEY (email))",
			"CREATE TABLE `<script>alert(1)</script>` (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20))",
			"INSERT INTO people (email, name, note) VALUES ('kanarienvogel@example.com', 'Kanarienvogel', 'Kanarienvogel')",
			"SELECT name FROM people WHERE email = 'kanarienvogel@example.com'", "SELECT id FROM people WHERE note LIKE '%kanarienvogel%'")
		_ = c.Exec("SHOW STATUS WHERE Value = (SELECT name FROM people)")
		plotted := regexp.MustCompile(`<polyline class="a" points="[0-9., ]*[0-9]`)
		var page string
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(500 * time.Millisecond) {
			if page = o.page(t, "/"); plotted.MatchString(page) {
				break
			}
			if time.Now().After(end) {
				t.Fatal("nothing is plotted after half a minute")
			}
		}
		for _, want := range []string{
			"status_page", "<td>people</td>", "2 of 2 tables encrypted", "status_page.people.email</td><td><span class=\"tag equality\">equality", "unique index email",
			"status_page.people.id</td><td><span class=\"tag clear\">clear", "pattern over status_page.people.note", "<td>statement</td>",
			"version 1 <span class=\"tag encrypted\">active", "&lt;script&gt;alert(1)",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		for _, bad := range []string{"<script", "src=", "http://", "https://", "url(", "@import", "anarienvogel"} {
			if strings.Contains(page, bad) {
				t.Errorf("the page holds %s", bad)
			}
		}
		for verb, want := range map[string]string{"status": "status_page.people  ", "leakage": "status_page.people.email  "} {
			if out, code, err := o.proxy.Run("table", verb, "-c", o.proxy.Config); code != 0 || err != nil || !strings.Contains(out, want) {
				t.Errorf("table %s: exit %d, %v, %s", verb, code, err, out)
			}
		}
		browse(t, o, string(f))
	})
}

// browse has a browser paint the page.
func browse(t *testing.T, o *observed, name string) {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, err)
	}
	dir := os.Getenv(screenshotsEnv)
	if dir == "" {
		dir = t.TempDir()
	}
	for scheme, flag := range map[string]string{"light": "--blink-settings=preferredColorScheme=1", "dark": "--blink-settings=preferredColorScheme=0"} {
		path := filepath.Join(dir, fmt.Sprintf("status-%s-%s.png", name, scheme))
		out, err := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-javascript", "--blink-settings=scriptEnabled=false", flag,
			"--user-data-dir="+t.TempDir(), "--hide-scrollbars", "--window-size=1280,2000", "--screenshot="+path, "http://"+o.proxy.Admin+"/").CombinedOutput()
		if err != nil {
			t.Fatalf("chromium: %v\n%s", err, out)
		}
		background, colours := painted(t, path)
		if light := background.Y > 128; light != (scheme == "light") {
			t.Errorf("%s: the background's brightness is %d", scheme, background.Y)
		}
		if colours < 50 {
			t.Errorf("%s: %d colours: nothing is painted", scheme, colours)
		}
	}
}

// painted gives the brightness of a picture's corner and how many colours it has.
func painted(t *testing.T, path string) (color.Gray, int) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	picture, _, err := image.Decode(file)
	must(t, err)
	seen := map[color.Color]bool{}
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			seen[picture.At(x, y)] = true
		}
	}
	return color.GrayModel.Convert(picture.At(2, 2)).(color.Gray), len(seen)
}
