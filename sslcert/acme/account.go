//go:build !no_acme

package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
)

// accountKey reads the account's key, and makes one where there is none. Who loses it registers anew.
func accountKey(path string) (crypto.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newAccountKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("account key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("account key: %s holds no private key in PEM; move it away to have a new account made", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("account key: %s is not readable; move it away to have a new account made", path)
	}
	return key, nil
}

func newAccountKey(path string) (crypto.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	// Half a key would be in the way of the next start: it is written under another name first.
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("account key: %w", err)
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return nil, fmt.Errorf("account key: %w", err)
	}
	return key, nil
}

// body tells when an answer has been read.
type body struct {
	io.ReadCloser
	closed func()
}

// Close ends the request.
func (b *body) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}

// oneLine is an error without the line breaks that the library has in those of a service or of several names.
func oneLine(err error) error {
	if text := err.Error(); strings.Contains(text, "\n") {
		return errors.New(strings.Join(strings.Fields(text), " "))
	}
	return err
}

// logger passes on what the library says.
type logger struct{ to *slog.Logger }

func (l logger) say(text string) { l.to.Debug("acme", "says", strings.TrimSpace(text)) }

// Print logs.
func (l logger) Print(args ...any) { l.say(fmt.Sprint(args...)) }

// Println logs.
func (l logger) Println(args ...any) { l.say(fmt.Sprintln(args...)) }

// Printf logs.
func (l logger) Printf(format string, args ...any) { l.say(fmt.Sprintf(format, args...)) }

// Fatal logs; nothing of the library that is used here may end the program.
func (l logger) Fatal(args ...any) { l.say(fmt.Sprint(args...)) }

// Fatalln logs.
func (l logger) Fatalln(args ...any) { l.say(fmt.Sprintln(args...)) }

// Fatalf logs.
func (l logger) Fatalf(format string, args ...any) { l.say(fmt.Sprintf(format, args...)) }
