package wire

// Command is the first byte of a command packet.
type Command byte

// The commands, by MySQL's names. ComStmtBulkExecute is MariaDB's.
const (
	ComSleep            Command = 0x00
	ComQuit             Command = 0x01
	ComInitDB           Command = 0x02
	ComQuery            Command = 0x03
	ComFieldList        Command = 0x04
	ComCreateDB         Command = 0x05
	ComDropDB           Command = 0x06
	ComRefresh          Command = 0x07
	ComShutdown         Command = 0x08
	ComStatistics       Command = 0x09
	ComProcessInfo      Command = 0x0a
	ComConnect          Command = 0x0b
	ComProcessKill      Command = 0x0c
	ComDebug            Command = 0x0d
	ComPing             Command = 0x0e
	ComTime             Command = 0x0f
	ComDelayedInsert    Command = 0x10
	ComChangeUser       Command = 0x11
	ComBinlogDump       Command = 0x12
	ComTableDump        Command = 0x13
	ComConnectOut       Command = 0x14
	ComRegisterSlave    Command = 0x15
	ComStmtPrepare      Command = 0x16
	ComStmtExecute      Command = 0x17
	ComStmtSendLongData Command = 0x18
	ComStmtClose        Command = 0x19
	ComStmtReset        Command = 0x1a
	ComSetOption        Command = 0x1b
	ComStmtFetch        Command = 0x1c
	ComDaemon           Command = 0x1d
	ComBinlogDumpGTID   Command = 0x1e
	ComResetConnection  Command = 0x1f
	ComClone            Command = 0x20
	ComSubscribeGroup   Command = 0x21
	ComStmtBulkExecute  Command = 0xfa
)

// Answer is the shape of what a server sends back for a command.
type Answer uint8

// The answers. AnswerUnknown marks commands that this proxy does not pass on, AnswerAuth those that start an
// authentication exchange.
const (
	AnswerUnknown Answer = iota
	AnswerNone           // nothing at all
	AnswerSimple         // one OK, EOF or ERR
	AnswerQuery          // OK, ERR, LOCAL INFILE or result sets, as often as SERVER_MORE_RESULTS_EXISTS says
	AnswerPrepare        // COM_STMT_PREPARE_OK with its two lists of columns
	AnswerFetch          // rows without column definitions
	AnswerFields         // column definitions without a count
	AnswerString         // one packet of text
	AnswerAuth           // an authentication exchange
)

var answers = [256]Answer{
	ComQuit:             AnswerNone,
	ComInitDB:           AnswerSimple,
	ComQuery:            AnswerQuery,
	ComFieldList:        AnswerFields,
	ComCreateDB:         AnswerSimple,
	ComDropDB:           AnswerSimple,
	ComRefresh:          AnswerSimple,
	ComShutdown:         AnswerSimple,
	ComStatistics:       AnswerString,
	ComProcessInfo:      AnswerQuery,
	ComProcessKill:      AnswerSimple,
	ComDebug:            AnswerSimple,
	ComPing:             AnswerSimple,
	ComChangeUser:       AnswerAuth,
	ComStmtPrepare:      AnswerPrepare,
	ComStmtExecute:      AnswerQuery,
	ComStmtSendLongData: AnswerNone,
	ComStmtClose:        AnswerNone,
	ComStmtReset:        AnswerSimple,
	ComSetOption:        AnswerSimple,
	ComStmtFetch:        AnswerFetch,
	ComResetConnection:  AnswerSimple,
	ComStmtBulkExecute:  AnswerQuery,
}

// Answer is the shape of the answer to c.
func (c Command) Answer() Answer { return answers[c] }
