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

// statements make the function in database db, whose collation is put back. Its texts without a character set have its database's. Its own text is
// in utf8mb4.
func (f *Function) statements(db, collation string) []string {
	return []string{
		"ALTER DATABASE " + schema.Quote(db) + " COLLATE " + f.DatabaseCollation,
		"SET character_set_client = " + f.Charset + ", collation_connection = " + f.Collation + ", sql_mode = '" + f.SQLMode + "'",
		"CREATE FUNCTION " + schema.Quote(db) + "." + f.Text,
		"ALTER DATABASE " + schema.Quote(db) + " COLLATE " + collation,
	}
}

// heldFunction is one that a workspace has.
type heldFunction struct {
	name   string // quoted, with its schema
	of     Function
	called bool // by the statement that the workspace is lent to
}

// Functions says which stored functions the statement may call; others are gone when it runs. It comes before all loads.
func (w *Workspace) Functions(functions []Function) error {
	if err := w.make(functions, w.Schema); err != nil {
		return err
	}
	return w.onlyCalled()
}

// ShownFunctions makes those that a view calls which is shown.
func (w *Workspace) ShownFunctions(functions []Function) error {
	return w.make(functions, w.ShownSchema)
}

func (w *Workspace) make(functions []Function, private func(db string) (string, error)) error {
	for _, f := range functions {
		db, err := private(f.DB)
		if err != nil {
			return err
		}
		if err := w.function(f, db); err != nil {
			return err
		}
	}
	return nil
}

// function makes one in a private schema.
func (w *Workspace) function(f Function, db string) (err error) {
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
		w.unknow(name) // what is own is set again
	}
	for _, sql := range f.statements(db, w.collation) {
		err = errors.Join(err, w.send(sql, sent{}))
	}
	err = errors.Join(err, w.drain())
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
