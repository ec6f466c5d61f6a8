package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tdeproxy/tdeproxy/keyring"
	"github.com/tdeproxy/tdeproxy/tde/cell"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

const (
	masterKey = "../../keyring/filekms/testdata/v1/master.key"
	ringFile  = "../../keyring/filekms/testdata/v1/keyring.json"
	vectors   = "../../tde/cell/testdata/vectors.json"
)

func TestVectors(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, masterKey, ringFile, vectors); err != nil {
		t.Fatal(err)
	}
	for what, least := range map[string]int{"cell   ": 10, "refuse ": 10, "token  ": 10, "order  ": 10} {
		if n := strings.Count("\n"+out.String(), "\n"+what); n < least {
			t.Errorf("only %d lines of %q", n, what)
		}
	}
}

// One changed digit of any vector must show.
func TestVectorsCount(t *testing.T) {
	for path, change := range map[string][2]string{
		masterKey: {"aes128:00", "aes128:01"},
		ringFile:  {`"generation": 2`, `"generation": 3`},
		vectors:   {`"token": "`, `"token": "0`},
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := filepath.Join(t.TempDir(), "changed")
		if err := os.WriteFile(changed, bytes.Replace(b, []byte(change[0]), []byte(change[1]), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		paths := []string{masterKey, ringFile, vectors}
		for i := range paths {
			if paths[i] == path {
				paths[i] = changed
			}
		}
		if err := run(&bytes.Buffer{}, paths[0], paths[1], paths[2]); err == nil {
			t.Errorf("a change of %s does not show", path)
		}
	}
}

// The proxy's own packages read the same metadata.
func TestMetadata(t *testing.T) {
	_, masters, _, err := readRing(masterKey, ringFile)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Keyring  struct{ ID string }
		Metadata struct {
			Database, Name, Comment string
			ColumnComments          []string `json:"column_comments"`
		}
	}
	if err := readJSON(vectors, &v); err != nil {
		t.Fatal(err)
	}
	m := v.Metadata
	table, err := schema.Decode(m.Database, m.Name, m.Comment, m.ColumnComments, func(h schema.Header) (func([]byte) ([]byte, error), error) {
		raw, err := openTableKey(masters, h.WrappedKey, unhex(v.Keyring.ID), h.ID[:])
		if err != nil {
			return nil, err
		}
		key, err := keyring.NewSecret(raw)
		if err != nil {
			return nil, err
		}
		defer key.Destroy()
		cells, err := cell.NewTable(key, h.ID, h.KeyID)
		return func(b []byte) ([]byte, error) { return cells.Open(nil, schema.MetadataColumn, b) }, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := table.Column("email"); c == nil || !c.Token || c.Collation != "utf8mb4_general_ci" || c.ID != 2 || c.Kind != schema.KindVarChar {
		t.Errorf("column %+v", c)
	}
}

// The decryptor is independent: the standard library alone.
func TestIndependent(t *testing.T) {
	for _, name := range []string{"decrypt.go", "main.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			if first, _, _ := strings.Cut(strings.Trim(spec.Path.Value, `"`), "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", name, spec.Path.Value)
			}
		}
	}
}
