package exec

import (
	"errors"
	"fmt"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Errors by which upstream says that the client may write to a view, of which there is nothing to be written.
const (
	codeNonUpdatable = 1288
	codeNonInsert    = 1471
)

// mayWrite has upstream say whether the client may write to a view that its statement writes through.
func (x *Session) mayWrite(u *plan.ViewUse) error {
	name := quoteName(u.View.DB) + "." + quoteName(u.View.Name)
	sql := ""
	switch u.Writes {
	case "":
		return nil
	case "UPDATE":
		sql = "UPDATE " + name + " SET " + quoteName(schema.ViewColumn) + " = '' WHERE 0"
	case "DELETE":
		sql = "DELETE FROM " + name + " WHERE 0"
	default:
		sql = u.Writes + " INTO " + name + " VALUES ('')"
	}
	_, err := x.exec(sql)
	var my *wire.Error
	switch {
	case err == nil:
		return fmt.Errorf("exec: view %s.%s can be written to upstream", u.View.DB, u.View.Name)
	case errors.As(err, &my) && (my.Code == codeNonUpdatable || my.Code == codeNonInsert):
		return nil
	}
	return err
}

// viewsOverTwin makes the views that an INSERT writes through over the twin of their table.
func (s *storeRun) viewsOverTwin() error {
	for i := range s.into.Into {
		u := &s.into.Into[i]
		if err := s.sameView(u); err != nil {
			return err
		}
		query, err := s.appendText(nil, u.Query)
		if err != nil {
			return err
		}
		if err := s.bench.View(u.View.Defined, s.twin.Schema, string(query)); err != nil {
			return invalidView(s.into.Into[i:], err)
		}
	}
	return nil
}
