package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// SoftHSM is a token of SoftHSM 2 in a folder of its own.
type SoftHSM struct {
	Dir    string
	Module string // the PKCS#11 library
	Config string // what SOFTHSM2_CONF has to name
	Token  string
	PIN    string
	PINAt  string // the file that holds it
}

// softHSMModules are where Debian and others have the library.
var softHSMModules = []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"}

// NewSoftHSM makes a token with a PIN, and no key in it.
func NewSoftHSM() (*SoftHSM, error) {
	program, err := tool("softhsm2-util")
	if err != nil {
		return nil, err
	}
	dir, err := scratchDir("", "tdeproxy-softhsm-")
	if err != nil {
		return nil, err
	}
	h := &SoftHSM{Dir: dir, Config: filepath.Join(dir, "softhsm2.conf"), Token: "tdeproxy test", PIN: "canary-of-a-pin", PINAt: filepath.Join(dir, "pin")}
	for _, path := range softHSMModules {
		if _, err := os.Stat(path); err == nil {
			h.Module = path
		}
	}
	if h.Module == "" {
		return nil, fmt.Errorf("%w: no libsofthsm2.so", ErrNoServer)
	}
	return h, h.init(program)
}

func (h *SoftHSM) init(program string) error {
	tokens := filepath.Join(h.Dir, "tokens")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(h.PINAt, []byte(h.PIN+"\n"), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(h.Config, []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(program, "--init-token", "--free", "--label", h.Token, "--pin", h.PIN, "--so-pin", "officer-of-security")
	cmd.Env = append(os.Environ(), "SOFTHSM2_CONF="+h.Config)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("softhsm2-util: %w: %s", err, lastLines(string(out), 5))
	}
	return nil
}

// Remove deletes the token.
func (h *SoftHSM) Remove() { os.RemoveAll(h.Dir) }
