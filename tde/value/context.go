package value

import (
	"errors"
	"time"
)

// ErrNeedsServer says that this package cannot prove what a server would do with a value: only a server can say. It is
// no failure of the statement: the executor asks the evaluator.
var ErrNeedsServer = errors.New("value: only a server can convert this exactly")

// ErrStored says that bytes are no stored form of their column: the cell was written for another definition.
var ErrStored = errors.New("value: stored form does not fit the column's type")

// Context is what of a session decides conversions. A Context is read only while in use, so goroutines may share one.
type Context struct {
	Strict                 bool // STRICT_TRANS_TABLES or STRICT_ALL_TABLES
	NoZeroDate             bool // NO_ZERO_DATE
	NoZeroInDate           bool // NO_ZERO_IN_DATE
	AllowInvalidDates      bool // ALLOW_INVALID_DATES
	PadCharToFullLength    bool // PAD_CHAR_TO_FULL_LENGTH
	TimeTruncateFractional bool // TIME_TRUNCATE_FRACTIONAL, MySQL only
	TimeRoundFractional    bool // TIME_ROUND_FRACTIONAL, MariaDB only

	// Location is the session's time_zone. Without one nothing of a TIMESTAMP can be converted.
	Location *time.Location

	ConnectionCharset string // character_set_connection; "" or "binary": literals are taken as they are
	ResultsCharset    string // character_set_results; "" (NULL) or "binary": no conversion

	MariaDB bool      // the server's flavour
	Now     time.Time // the statement's start
}
