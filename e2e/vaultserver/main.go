// Command vaultserver is a real HashiCorp Vault for tests: its core with the transit engine and the AppRole and
// Kubernetes logins, as a module of its own so that none of it is a dependency of the proxy. It keeps its state in a
// folder, prints one line of JSON that says where it listens and how to get in, and ends on SIGTERM.
package main

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	log "github.com/hashicorp/go-hclog"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/vault"
)

// access is what the first start makes and each start prints.
type access struct {
	Address   string `json:"address"`
	RootToken string `json:"root_token"`
	UnsealKey string `json:"unseal_key"` // hexadecimal, as /v1/sys/unseal takes it
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on")
	dir := flag.String("data", "", "`folder` of the state; it may be one that an earlier run made")
	cert := flag.String("tls-cert", "", "certificate `file`; none serves in clear")
	key := flag.String("tls-key", "", "its key `file`")
	sealed := flag.Bool("sealed", false, "do not unseal at the start")
	bare := flag.Bool("bare", false, "neither initialise nor unseal, as Vault's own server starts")
	flag.Parse()
	if err := run(*listen, *dir, *cert, *key, *sealed, *bare); err != nil {
		fmt.Fprintln(os.Stderr, "vaultserver:", err)
		os.Exit(1)
	}
}

func run(listen, dir, cert, key string, sealed, bare bool) error {
	if dir == "" {
		return errors.New("-data names no folder")
	}
	core, err := newCore(dir)
	if err != nil {
		return err
	}
	defer core.Shutdown()
	var a access
	if !bare {
		if a, err = prepare(core, dir, sealed); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	a.Address = "http://" + l.Addr().String()
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return err
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
		a.Address = "https://" + l.Addr().String()
	}
	return serve(core, l, a)
}

// prepare has the core initialised, and unsealed unless that is not wanted.
func prepare(core *vault.Core, dir string, sealed bool) (access, error) {
	a, err := initialise(core, filepath.Join(dir, "access.json"))
	if err != nil || sealed {
		return a, err
	}
	return a, unseal(core, a.UnsealKey)
}

func newCore(dir string) (*vault.Core, error) {
	logger := log.New(&log.LoggerOptions{Level: log.Warn, Output: os.Stderr})
	store, err := file.NewFileBackend(map[string]string{"path": filepath.Join(dir, "store")}, logger)
	if err != nil {
		return nil, err
	}
	plugins := registry{
		consts.PluginTypeSecrets:    {"transit": transit.Factory},
		consts.PluginTypeCredential: {"approle": approle.Factory, "kubernetes": kubernetes.Factory},
	}
	return vault.NewCore(&vault.CoreConfig{
		Physical:           store,
		Logger:             logger,
		DisableMlock:       true,
		BuiltinRegistry:    plugins,
		LogicalBackends:    plugins[consts.PluginTypeSecrets],
		CredentialBackends: plugins[consts.PluginTypeCredential],
	})
}

// initialise makes a new Vault, with one unseal key, where path tells of none.
func initialise(core *vault.Core, path string) (a access, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return a, json.Unmarshal(text, &a)
	}
	result, err := core.Initialize(context.Background(), &vault.InitParams{
		BarrierConfig:  &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
		RecoveryConfig: &vault.SealConfig{},
	})
	if err != nil {
		return a, err
	}
	a.RootToken, a.UnsealKey = result.RootToken, hex.EncodeToString(result.SecretShares[0])
	if text, err = json.Marshal(a); err != nil {
		return a, err
	}
	return a, os.WriteFile(path, text, 0o600)
}

func unseal(core *vault.Core, key string) error {
	share, err := hex.DecodeString(key)
	if err != nil {
		return err
	}
	if open, err := core.Unseal(share); err != nil || !open {
		return fmt.Errorf("unsealed %v: %w", open, err)
	}
	return nil
}

func serve(core *vault.Core, l net.Listener, a access) error {
	server := &http.Server{
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: &configutil.Listener{}}),
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
