package exec

import (
	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// codeNoDatabase is ER_BAD_DB_ERROR.
const codeNoDatabase = 1049

// refused is the error of a refusal. MySQL tells a table that is not there from a database that is not there.
func (x *Session) refused(p *plan.Refuse) error {
	if p.DB == "" || x.catalog.mariaDB {
		return p.Err
	}
	there := false
	err := x.catalogQuery("SELECT 1 FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = "+quoteText(p.DB), func([][]byte) error {
		there = true
		return nil
	})
	switch {
	case err != nil:
		return err
	case there:
		return p.Err
	}
	return &wire.Error{Code: codeNoDatabase, State: "42000", Message: "Unknown database '" + p.DB + "'"}
}
