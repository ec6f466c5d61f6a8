package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

var rewrite = flag.Bool("rewrite", false, "write golden files anew")

// Every file of testdata/faults has its faults beside it, in a .golden file.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, err := Load(file)
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("Load: %v, want faults", err)
			}
			got := clean(t, err.Error())
			golden := strings.TrimSuffix(file, ".toml") + ".golden"
			if *rewrite {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// clean removes this checkout's path and checks what holds for every fault.
func clean(t *testing.T, text string) string {
	t.Helper()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^\S+\.toml:\d+: ([a-z_."]+: )?.+; .+$`)
	last := 0
	for _, l := range strings.Split(text, "\n") {
		if !line.MatchString(l) {
			t.Errorf("not FILE:LINE: key: wrong; right: %s", l)
		}
		var n int
		if _, err := fmt.Sscanf(l[strings.Index(l, ".toml:")+6:], "%d", &n); err != nil || n < last {
			t.Errorf("line %d after %d: %v", n, last, err)
		}
		last = n
	}
	for _, secret := range []string{"hunter2", "123456"} {
		if strings.Contains(text, secret) {
			t.Errorf("a fault shows a password:\n%s", text)
		}
	}
	return strings.ReplaceAll(text, wd, "DIR") + "\n"
}

func TestMissingFile(t *testing.T) {
	_, err := Load("testdata/absent.toml")
	want := "testdata/absent.toml: no such file; the path of one that exists (tdeproxy init -c testdata/absent.toml writes it)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := Load("testdata"); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a folder as file: %v", err)
	}
}

// write puts a configuration into a folder of its own.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tdeproxy.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEmptyFileIsDefault(t *testing.T) {
	path := write(t, "")
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.resolve(filepath.Dir(path))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The template sets every key to its default; keys that are off by default stand in comments.
func TestTemplate(t *testing.T) {
	path := write(t, Template())
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.resolve(filepath.Dir(path))
	want.SSLCert.Names = []string{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the template loads as %+v, want %+v", got, want)
	}
	for _, key := range allKeys() {
		name := key[strings.LastIndexByte(key, '.')+1:]
		if !regexp.MustCompile(`(?m)^(# )?` + name + ` = `).MatchString(Template()) {
			t.Errorf("the template lacks %s", key)
		}
	}
	// What it shows in comments is right, too, once the files are there.
	on := regexp.MustCompile(`(?m)^# (\[|[a-z_]+ = )`).ReplaceAllString(Template(), "$1")
	_, err = Load(write(t, on))
	for _, line := range strings.Split(fmt.Sprint(err), "\n") {
		if !regexp.MustCompile(`no file |upstream.ca: is never looked at|acme.directory: is given beside sslcert.cert;|client_ca: is the ca.pem that ACME`).MatchString(line) {
			t.Errorf("the template's comments: %s", line)
		}
	}
}

// Every key has a row | `section.key` | default | … | in the documentation, with the default that holds.
func TestDocumentation(t *testing.T) {
	doc, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+(?:\\.[a-z_]+)+)` \\| ([^|]*) \\|").FindAllStringSubmatch(string(doc), -1) {
		rows[m[1]] = strings.Trim(strings.TrimSpace(m[2]), "`")
	}
	for _, key := range allKeys() {
		got, ok := rows[key]
		if !ok {
			t.Errorf("docs/configuration.md lacks a row for %s", key)
		} else if want := defaultOf(key); got != want {
			t.Errorf("docs/configuration.md: the default of %s is %s, not %s", key, want, got)
		}
		delete(rows, key)
	}
	for key := range rows {
		t.Errorf("docs/configuration.md has %s, which does not exist", key)
	}
}

// allKeys lists section.key of every key.
func allKeys() []string { return keysOf(reflect.TypeFor[Config](), "") }

func keysOf(t reflect.Type, prefix string) []string {
	var keys []string
	for i := range t.NumField() {
		field := t.Field(i).Type
		if field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		path := prefix + t.Field(i).Tag.Get("toml")
		if field.Kind() == reflect.Struct {
			keys = append(keys, keysOf(field, path+".")...)
		} else {
			keys = append(keys, path)
		}
	}
	return keys
}

// defaultOf writes a key's default as TOML, or a dash where there is none.
func defaultOf(key string) string {
	var f tagged
	table := reflect.ValueOf(Default()).Elem()
	for _, name := range strings.Split(key, ".") {
		if f, _ = fieldNamed(table, name); f.value.Kind() == reflect.Slice && f.value.Type().Elem().Kind() == reflect.Struct {
			return "–"
		}
		table = f.value
	}
	switch v := f.value.Interface().(type) {
	case time.Duration:
		text := v.String()
		return `"` + text + `"`
	case int64:
		return fmt.Sprintf(`"%dMiB"`, v>>20)
	case []string:
		return "[]"
	case Secret:
		return fmt.Sprintf("%q", string(v))
	case string:
		if v == "" {
			return "–"
		}
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}

func TestPathsCountFromTheFile(t *testing.T) {
	path := write(t, "[sslcert]\ndir = \"certs\"\n[keyring]\nkms = \"file:/etc/tde/key\"\n[evaluator]\nsocket = \"run/e.sock\"\nuser = \"e\"\npassword = \"p\"\n")
	dir := filepath.Dir(path)
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		cfg.SSLCert.Dir:      dir + "/certs",
		cfg.Keyring.File:     dir + "/var/keyring.json",
		cfg.Keyring.KMS:      "file:/etc/tde/key",
		cfg.Evaluator.Socket: dir + "/run/e.sock",
		cfg.Evaluator.Server: "auto",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestPasswordFile(t *testing.T) {
	path := write(t, "[upstream]\npassword_file = \"pw\"\n")
	pw := filepath.Join(filepath.Dir(path), "pw")
	for _, test := range []struct {
		content string
		mode    os.FileMode
		want    Secret
		fault   string
	}{
		{"s3cret\n", 0o600, "s3cret", ""},
		{"s3cret\r\nmore", 0o640, "s3cret", ""},
		{"s3cret", 0o644, "", "others may read"},
		{"\n", 0o600, "", "is empty"},
	} {
		os.Remove(pw)
		if err := os.WriteFile(pw, []byte(test.content), test.mode); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path)
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%q %o: %v, want %s", test.content, test.mode, err, test.fault)
			}
			continue
		}
		if err != nil || cfg.Upstream.Password != test.want {
			t.Errorf("%q: %v", test.content, err)
		}
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	u := Upstream{Password: "s3cret"}
	for _, text := range []string{fmt.Sprint(u), fmt.Sprintf("%+v %#v %s %q", u, u, u, u), u.Password.LogValue().String()} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("printed: %s", text)
		}
	}
}

// Every key that the TOML decoder sees has a line.
func TestPositions(t *testing.T) {
	doc := `# comment with [brackets] and "quotes
a.b = 1 # = not a key
"quoted key" = 'x # y'
long = """
[not.a.table]
x = 1 \"""
"""""
[t]
arr = [ "]", # ]
  [1, 2],
]
last = '''a
b'''
[[x]]
k = { in = 1, line = [1] }
[x.sub]
z = 1
[[x]]
k = 2
`
	want := positions{
		"a.b": 2, "quoted key": 3, "long": 4, "t": 8, "t.arr": 9, "t.last": 12,
		"x[0]": 14, "x[0].k": 15, "x[0].sub": 16, "x[0].sub.z": 17, "x[1]": 18, "x[1].k": 19,
	}
	if _, err := toml.Decode(doc, new(map[string]any)); err != nil {
		t.Fatal(err)
	}
	if got := locate(doc); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzLoad holds that no document panics, and that every fault has its place.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/faults/*.toml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add(Template())
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, doc string) {
		c := &collector{file: filepath.Join(dir, "f.toml"), faulty: map[string]bool{}}
		parsed, ok := c.parse([]byte(doc))
		if ok {
			cfg := Default()
			c.decode(parsed, cfg)
			c.decoded = true
			c.check(cfg)
		}
		lines := strings.Count(doc, "\n") + 1
		for _, fault := range c.faults {
			if fault.Line < 0 || fault.Line > lines || fault.What == "" || fault.Want == "" || strings.Contains(fault.String(), "\n") {
				t.Errorf("fault %q of a document of %d lines", fault, lines)
			}
		}
	})
}
