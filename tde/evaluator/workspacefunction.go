package evaluator

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// Function is a stored function that a statement calls. It touches no table.
type Function struct {
	DB, Name string
	// Text is its definition from the name on.
	Text string
	// SQLMode, Charset and Collation are those of the session that made it; DatabaseCollation its database's.
	SQLMode, Charset, Collation, DatabaseCollation string
}

// heldFunction is one that a workspace has.
type heldFunction struct {
	name   string // quoted, with its schema
	of     Function
	called bool // by the statement that the workspace is lent to
}

// Functions says which stored functions the statement may call; others are gone when it runs. It comes before all loads.
func (w *Workspace) Functions(functions []Function) error {
	for _, f := range functions {
		if err := w.function(f); err != nil {
			return err
		}
	}
	return w.onlyCalled()
}

func (w *Workspace) function(f Function) error {
	db, err := w.Schema(f.DB)
	if err != nil {
		return err
	}
	key := db + "." + strings.ToLower(f.Name)
	have := w.functions[key]
	if have != nil && have.of == f {
		have.called = true
		return nil
	}
	if err := errors.Join(w.closeLoader(), w.own()); err != nil {
		return err
	}
	if w.collation == "" {
		if w.collation, err = w.value("SELECT @@GLOBAL.collation_server"); err != nil {
			return err
		}
	}
	w.commits()
	if have != nil {
		delete(w.functions, key)
		if err := w.send("DROP FUNCTION "+have.name, sent{}); err != nil {
			return err
		}
	}
	for _, name := range []string{sqlModeVariable, charsetVariable, "collation_connection", "character_set_connection"} {
		delete(w.have, name) // what is own is set again
	}
	// Its texts without a character set have the database's. It is in utf8mb4, whatever it was written in: that is a superset.
	err = errors.Join(w.send("ALTER DATABASE "+schema.Quote(db)+" COLLATE "+f.DatabaseCollation, sent{}),
		w.send("SET character_set_client = "+f.Charset+", collation_connection = "+f.Collation+", sql_mode = '"+f.SQLMode+"'", sent{}),
		w.send("CREATE FUNCTION "+schema.Quote(db)+"."+f.Text, sent{}),
		w.send("ALTER DATABASE "+schema.Quote(db)+" COLLATE "+w.collation, sent{}), w.drain())
	if err != nil {
		w.unsure(err)
		return fmt.Errorf("making function %s.%s in the evaluator: %w", f.DB, f.Name, err)
	}
	if w.functions == nil {
		w.functions = map[string]*heldFunction{}
	}
	w.functions[key] = &heldFunction{name: schema.Quote(db) + "." + schema.Quote(f.Name), of: f, called: true}
	return nil
}

// onlyCalled drops the functions that are not the statement's: a client must not call what another one may.
func (w *Workspace) onlyCalled() (err error) {
	for key, f := range w.functions {
		if !f.called {
			delete(w.functions, key)
			w.commits()
			err = errors.Join(err, w.send("DROP FUNCTION "+f.name, sent{vital: true}))
		}
	}
	return err
}
