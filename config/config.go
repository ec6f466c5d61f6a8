// Package config reads tdeproxy's configuration file: TOML, strictly. A key that does not exist, a value of the wrong
// type, a file that is not there and settings that contradict one another are faults; Load reports all of them at once,
// each with its line and what would be right, instead of starting with a setting that its writer did not mean.
//
// Only cmd/tdeproxy imports this package: every other one has options of its own that cmd fills in.
package config

import (
	"log/slog"
	"time"
)

// Config is a whole configuration file, checked, with defaults for what the file leaves out. Relative paths in the
// file count from the file's own folder; here they are absolute.
type Config struct {
	Listen    Listen    `toml:"listen"`
	Upstream  Upstream  `toml:"upstream"`
	SSLCert   SSLCert   `toml:"sslcert"`
	Keyring   Keyring   `toml:"keyring"`
	Evaluator Evaluator `toml:"evaluator"`
	Admin     Admin     `toml:"admin"`
	Log       Log       `toml:"log"`
	Audit     Audit     `toml:"audit"`
	Trace     Trace     `toml:"trace"`
	Encrypt   []Encrypt `toml:"encrypt"`
	Column    []Column  `toml:"column"`
}

// Listen says where clients connect and what bounds hold for them.
type Listen struct {
	// Address is host:port; port 0 takes a free one.
	Address string `toml:"address"`
	// RequireSecureTransport refuses clients that do not use TLS, with MySQL's error 3159.
	RequireSecureTransport bool `toml:"require_secure_transport"`
	// MaxConnections is how many clients may be connected at once; the next one gets MySQL's error 1040.
	MaxConnections int `toml:"max_connections"`
	// HandshakeTimeout bounds the time from accept to the end of authentication.
	HandshakeTimeout time.Duration `toml:"handshake_timeout"`
	// IdleTimeout ends a client that sends nothing for so long; 0 leaves that to upstream's wait_timeout.
	IdleTimeout time.Duration `toml:"idle_timeout"`
	// DrainTimeout is how long SIGTERM lets running transactions go on.
	DrainTimeout time.Duration `toml:"drain_timeout"`
	// MaxAllowedPacket bounds one statement, bound value or row made by the evaluator that the proxy must hold in memory, in bytes.
	MaxAllowedPacket int64 `toml:"max_allowed_packet" unit:"bytes"`
}

// Upstream is the MySQL or MariaDB server that stores the ciphertext.
type Upstream struct {
	// Address is host:port, or the path of a unix socket.
	Address string `toml:"address"`
	// User is the proxy's own account there; clients have theirs.
	User string `toml:"user"`
	// Password of User. Load fills it from PasswordFile where that is given.
	Password Secret `toml:"password"`
	// PasswordFile holds the password on its first line.
	PasswordFile string `toml:"password_file"`
	// TLS is disabled, preferred, required, verify-ca or verify-identity, as MySQL's --ssl-mode.
	TLS string `toml:"tls"`
	// CA is the PEM file that upstream's certificate is verified against.
	CA string `toml:"ca"`
	// Cert and Key are the PEM files of the proxy's client certificate.
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
	// ConnectTimeout bounds connecting to upstream, with its handshake.
	ConnectTimeout time.Duration `toml:"connect_timeout"`
}

// SSLCert says where the proxy's own certificate is.
type SSLCert struct {
	// Dir holds ca.pem, server-cert.pem and server-key.pem.
	Dir string `toml:"dir"`
	// Cert, Key and CA are PEM files in place of those of Dir, for a certificate that is looked after elsewhere.
	Cert string `toml:"cert"`
	Key  string `toml:"key"`
	CA   string `toml:"ca"`
	// Names are further host names and addresses that clients use; the certificate must be valid for them.
	Names []string `toml:"names"`
	// ClientCA is the PEM file that client certificates are verified against; empty asks for none.
	ClientCA string `toml:"client_ca"`
	// RequireClientCert refuses TLS clients without a certificate.
	RequireClientCert bool `toml:"require_client_cert"`
	// CRL is the PEM or DER file of client certificates that are revoked.
	CRL string `toml:"crl"`
	// RenewBefore is how long before its end the certificate is renewed; 0 is when a third of its life is left.
	RenewBefore time.Duration `toml:"renew_before"`
	// ACME gets the certificate from a public CA.
	ACME ACME `toml:"acme"`
}

// ACME is a CA that issues certificates by RFC 8555 to whoever controls the names in DNS.
type ACME struct {
	// Directory is the service's URL; empty uses none.
	Directory string `toml:"directory"`
	// Email is where the service may write to.
	Email string `toml:"email"`
	// Names are what the certificate is for.
	Names []string `toml:"names"`
	// Provider is how the names' DNS records are changed: exec, rfc2136 or httpreq.
	Provider string `toml:"provider"`
	// Resolvers are DNS servers, host:port, that are asked whether a record is there; empty asks the names' own.
	Resolvers []string `toml:"resolvers"`
	// CA is the PEM file that the service's own certificate is verified against; empty is the system's.
	CA string `toml:"ca"`
}

// Keyring says where the master keys are and what wraps them.
type Keyring struct {
	// File holds the wrapped master keys.
	File string `toml:"file"`
	// KMS is the URL of the customer master key, such as file:var/master.key.
	KMS string `toml:"kms"`
	// KMSTimeout is how long a start goes on asking a KMS that cannot be reached or throttles.
	KMSTimeout time.Duration `toml:"kms_timeout"`
}

// Evaluator is the private server that computes what needs plaintext.
type Evaluator struct {
	// Server is auto, off, or the path of a mariadbd or mysqld.
	Server string `toml:"server"`
	// Socket is the unix socket of an evaluator that runs beside the proxy, instead of Server.
	Socket string `toml:"socket"`
	// User is the proxy's account at Socket.
	User string `toml:"user"`
	// Password of User. Load fills it from PasswordFile where that is given.
	Password Secret `toml:"password"`
	// PasswordFile holds the password on its first line.
	PasswordFile string `toml:"password_file"`
	// Dir holds the evaluator's files; it should be on a tmpfs.
	Dir string `toml:"dir"`
	// Memory bounds what the evaluator's tables take, in bytes.
	Memory int64 `toml:"memory" unit:"bytes"`
	// Tmpdir is where the proxy sorts and groups more than its memory is to hold, in encrypted files; empty is TMPDIR's, or /tmp.
	Tmpdir string `toml:"tmpdir"`
	// MaxTmpSpace bounds what these files take together, in bytes.
	MaxTmpSpace int64 `toml:"max_tmp_space" unit:"bytes"`
}

// Admin is the HTTP listener for metrics and health.
type Admin struct {
	// Address is host:port; empty turns it off.
	Address string `toml:"address"`
}

// Log says what is logged; it goes to standard error.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `toml:"level"`
	// Format is json, text, or auto: text on a terminal.
	Format string `toml:"format"`
}

// Audit is the log of who touched which protected tables.
type Audit struct {
	// File is appended to; empty keeps no audit log.
	File string `toml:"file"`
	// OnError is refuse or alert: what becomes of statements on protected tables while the file cannot be written.
	OnError string `toml:"on_error"`
}

// Trace sends traces of statements to an OpenTelemetry collector.
type Trace struct {
	// Endpoint is the collector's OTLP/HTTP URL; empty sends none, unless OTEL_EXPORTER_OTLP_ENDPOINT or
	// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT in the environment names one.
	Endpoint string `toml:"endpoint"`
}

// Encrypt designates tables.
type Encrypt struct {
	// Database is a name, or * for every database but the system's.
	Database string `toml:"database"`
	// Tables are names and patterns with *; nil means all tables.
	Tables []string `toml:"tables"`
}

// Column sets how one protected column is searched.
type Column struct {
	// Name is database.table.column.
	Name string `toml:"name"`
	// Index is equality, range or none.
	Index string `toml:"index"`
}

// Secret is a string that does not print.
type Secret string

// String hides the secret.
func (Secret) String() string { return "[redacted]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "[redacted]" }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Default returns the settings of an empty file. Its paths are still relative.
func Default() *Config {
	return &Config{
		Listen: Listen{
			Address:          "127.0.0.1:3307",
			MaxConnections:   4000,
			HandshakeTimeout: 10 * time.Second,
			DrainTimeout:     30 * time.Second,
			MaxAllowedPacket: 64 << 20,
		},
		Upstream: Upstream{
			Address:        "127.0.0.1:3306",
			User:           "tdeproxy",
			TLS:            "preferred",
			ConnectTimeout: 10 * time.Second,
		},
		SSLCert:   SSLCert{Dir: "var/certs"},
		Keyring:   Keyring{File: "var/keyring.json", KMS: "file:var/master.key", KMSTimeout: time.Minute},
		Evaluator: Evaluator{Server: "auto", Dir: "/dev/shm/tdeproxy", Memory: 512 << 20, MaxTmpSpace: 16 << 30},
		Admin:     Admin{Address: "127.0.0.1:9307"},
		Log:       Log{Level: "info", Format: "auto"},
		Audit:     Audit{OnError: "refuse"},
	}
}
