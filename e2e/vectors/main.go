package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
)

// keyringFile is a keyring, whose wrapped keys are in base64.
type keyringFile struct {
	ID         string
	MasterKeys []wrappedKey `json:"master_keys"`
	TokenRoot  wrappedKey   `json:"token_root"`
	MAC        string
}

type wrappedKey struct {
	Version uint32
	Wrapped []byte
}

// vectorFile is testdata/vectors.json; all texts are hexadecimal.
type vectorFile struct {
	Table struct {
		ID          string
		WrappedKeys []struct{ Wrapped string } `json:"wrapped_keys"`
	}
	Cells    []cellVector
	BadCells []cellVector `json:"bad_cells"`
	Metadata struct {
		Comment        string
		ColumnComments []string `json:"column_comments"`
		Definition     any
	}
	Tokens []struct{ About, Domain, Kind, Collation, Canonical, Token string }
	Orders []struct{ About, Domain, Space, Key, Token string }
}

type cellVector struct {
	About, Plaintext, Cell string
	KeyID                  uint16 `json:"key_id"`
	Column                 uint16
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: vectors MASTER_KEY_FILE KEYRING_FILE VECTORS_JSON")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run checks everything in the files and prints a line per cell and token.
func run(out io.Writer, masterPath, ringPath, vectorsPath string) error {
	ring, masters, root, err := readRing(masterPath, ringPath)
	if err != nil {
		return err
	}
	var v vectorFile
	if err := readJSON(vectorsPath, &v); err != nil {
		return err
	}
	table := unhex(v.Table.ID)
	var tableKey []byte
	for _, w := range v.Table.WrappedKeys {
		if tableKey, err = openTableKey(masters, unhex(w.Wrapped), ring, table); err != nil {
			return fmt.Errorf("table key: %w", err)
		}
	}
	for _, c := range v.Cells {
		plaintext, err := openCell(tableKey, table, c.KeyID, c.Column, unhex(c.Cell))
		if err != nil || hex.EncodeToString(plaintext) != c.Plaintext {
			return fmt.Errorf("cell %s: %x, %v", c.About, plaintext, err)
		}
		fmt.Fprintf(out, "cell   %s: %.40q\n", c.About, plaintext)
	}
	for _, c := range v.BadCells {
		if plaintext, err := openCell(tableKey, table, c.KeyID, c.Column, unhex(c.Cell)); err == nil {
			return fmt.Errorf("cell %s opens as %x", c.About, plaintext)
		}
		fmt.Fprintf(out, "refuse %s\n", c.About)
	}
	for _, t := range v.Tokens {
		got := makeToken(root, t.Domain, t.Kind, t.Collation, unhex(t.Canonical))
		if hex.EncodeToString(got) != t.Token {
			return fmt.Errorf("token %s: %x", t.About, got)
		}
		fmt.Fprintf(out, "token  %s: %x\n", t.About, got)
	}
	for _, o := range v.Orders {
		got := makeOrder(root, o.Domain, o.Space, o.Key)
		if hex.EncodeToString(got) != o.Token {
			return fmt.Errorf("order token %s: %x", o.About, got)
		}
		fmt.Fprintf(out, "order  %s: %x\n", o.About, got)
	}
	definition, err := openMetadata(masters, ring, v.Metadata.Comment, v.Metadata.ColumnComments)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	var got any
	if err := json.Unmarshal(definition, &got); err != nil || !reflect.DeepEqual(got, v.Metadata.Definition) {
		return fmt.Errorf("metadata: %s, %v", definition, err)
	}
	fmt.Fprintf(out, "metadata: %.60s…\n", definition)
	return nil
}

// readRing opens the keys of a keyring file and checks its MAC.
func readRing(masterPath, ringPath string) (ring []byte, masters map[uint32][]byte, root []byte, err error) {
	master, err := os.ReadFile(masterPath)
	if err != nil {
		return nil, nil, nil, err
	}
	_, digits, _ := strings.Cut(string(master), "aes128:")
	cmk := unhex(strings.TrimSpace(digits))
	var f keyringFile
	if err := readJSON(ringPath, &f); err != nil {
		return nil, nil, nil, err
	}
	ring = unhex(f.ID)
	if root, err = openCMK(cmk, f.TokenRoot.Wrapped, ring, "t", f.TokenRoot.Version); err != nil {
		return nil, nil, nil, fmt.Errorf("token root: %w", err)
	}
	text, err := os.ReadFile(ringPath)
	if err != nil {
		return nil, nil, nil, err
	}
	unsigned := bytes.Replace(text, []byte(`"mac": "`+f.MAC), []byte(`"mac": "`), 1)
	if hex.EncodeToString(cmac(kdf(root, "tdeproxy keyring mac v1", ring), unsigned)) != f.MAC {
		return nil, nil, nil, errors.New("the keyring's MAC does not match")
	}
	masters = map[uint32][]byte{}
	for _, k := range f.MasterKeys {
		if masters[k.Version], err = openCMK(cmk, k.Wrapped, ring, "m", k.Version); err != nil {
			return nil, nil, nil, fmt.Errorf("master key version %d: %w", k.Version, err)
		}
	}
	return ring, masters, root, nil
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// unhex reads hexadecimal digits; faults show as bytes that match nothing.
func unhex(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}
