package wire

// Capability is a set of protocol capabilities: MySQL's 32 in the low half, MariaDB's extended ones in the high half.
type Capability uint64

// MySQL's capability flags, by their names without CLIENT_.
const (
	LongPassword              Capability = 1 << 0 // MariaDB calls this bit CLIENT_MYSQL: clear in a peer with extended flags
	FoundRows                 Capability = 1 << 1
	LongFlag                  Capability = 1 << 2
	ConnectWithDB             Capability = 1 << 3
	NoSchema                  Capability = 1 << 4
	Compress                  Capability = 1 << 5
	ODBC                      Capability = 1 << 6
	LocalFiles                Capability = 1 << 7
	IgnoreSpace               Capability = 1 << 8
	Protocol41                Capability = 1 << 9
	Interactive               Capability = 1 << 10
	SSL                       Capability = 1 << 11
	IgnoreSigpipe             Capability = 1 << 12
	Transactions              Capability = 1 << 13
	Reserved                  Capability = 1 << 14
	SecureConnection          Capability = 1 << 15
	MultiStatements           Capability = 1 << 16
	MultiResults              Capability = 1 << 17
	PSMultiResults            Capability = 1 << 18
	PluginAuth                Capability = 1 << 19
	ConnectAttrs              Capability = 1 << 20
	PluginAuthLenEncData      Capability = 1 << 21
	CanHandleExpiredPasswords Capability = 1 << 22
	SessionTrack              Capability = 1 << 23
	DeprecateEOF              Capability = 1 << 24
	OptionalResultsetMetadata Capability = 1 << 25
	ZstdCompression           Capability = 1 << 26
	QueryAttributes           Capability = 1 << 27
	MultiFactorAuthentication Capability = 1 << 28
	CapabilityExtension       Capability = 1 << 29
	SSLVerifyServerCert       Capability = 1 << 30
	RememberOptions           Capability = 1 << 31
	MariaDBProgress           Capability = 1 << 32
	MariaDBComMulti           Capability = 1 << 33
	MariaDBBulkOperations     Capability = 1 << 34
	MariaDBExtendedTypeInfo   Capability = 1 << 35
	MariaDBCacheMetadata      Capability = 1 << 36
	MariaDBBulkUnitResults    Capability = 1 << 37
	mariadbMask               Capability = 0xffffffff << 32
)

// Supported is what this proxy can pass on. Compression is left out because each side has its own, the two metadata options because
// they change what follows a column count.
const Supported = LongPassword | FoundRows | LongFlag | ConnectWithDB | NoSchema | ODBC | LocalFiles | IgnoreSpace |
	Protocol41 | Interactive | IgnoreSigpipe | Transactions | Reserved | SecureConnection | MultiStatements |
	MultiResults | PSMultiResults | PluginAuth | ConnectAttrs | PluginAuthLenEncData | CanHandleExpiredPasswords |
	SessionTrack | DeprecateEOF | QueryAttributes | MariaDBProgress | MariaDBBulkOperations | MariaDBExtendedTypeInfo

// Has reports whether all of want is in c.
func (c Capability) Has(want Capability) bool { return c&want == want }

// Status flags of OK and EOF packets (SERVER_…).
const (
	StatusInTransaction       uint16 = 0x0001
	StatusAutocommit          uint16 = 0x0002
	StatusMoreResults         uint16 = 0x0008
	StatusNoGoodIndex         uint16 = 0x0010
	StatusNoIndex             uint16 = 0x0020
	StatusCursorExists        uint16 = 0x0040
	StatusLastRowSent         uint16 = 0x0080
	StatusDatabaseDropped     uint16 = 0x0100
	StatusNoBackslashEscapes  uint16 = 0x0200
	StatusMetadataChanged     uint16 = 0x0400
	StatusSlowQuery           uint16 = 0x0800
	StatusPSOutParams         uint16 = 0x1000
	StatusInReadonlyTx        uint16 = 0x2000 // MySQL: SERVER_STATUS_IN_TRANS_READONLY
	StatusSessionStateChanged uint16 = 0x4000
)
