package evaluator

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// View makes a view in a private schema, where it is not there yet. query is what it reads, with the names of private schemas. It
// comes after the tables that the view reads, and ends the transaction that loads are in.
func (w *Workspace) View(v *schema.Definition, db, query string) error {
	key, name := db+"."+w.fold(v.Name), schema.Quote(db)+"."+schema.Quote(v.Name)
	definition := v.Sealed + "\x00" + ViewText(v, db, query)
	if w.views[key] == definition {
		return nil
	}
	if err := errors.Join(w.closeLoader(), w.own()); err != nil {
		return err
	}
	w.commits()
	if w.views[key] != "" {
		for other := range w.views { // views over this one keep what they were made of, such as whether they can be written
			w.views[other] = remade
		}
	}
	if t := w.tables[key]; t != nil {
		if t.inUse {
			return fmt.Errorf("%w: %s.%s became a view within the statement; try again", errOwn, v.DB, v.Name)
		}
		delete(w.tables, key)
		if err := w.send("DROP TABLE "+name, sent{}); err != nil {
			return err
		}
	}
	for _, name := range []string{sqlModeVariable, charsetVariable, "collation_connection", "character_set_connection"} {
		w.unknow(name) // the client's, or what is own, is set again
	}
	current := w.current
	if len(w.functions) > 0 { // which a view names without a database: it is the view's
		if err := w.use(db, nil); err != nil {
			return err
		}
	}
	err := errors.Join(w.send(modeOf(v.Strict), sent{}), w.send(sessionOf(v), sent{}), w.send("CREATE OR REPLACE "+ViewText(v, db, query), sent{}), w.send(setPlain, sent{vital: true}))
	if current != "" {
		err = errors.Join(err, w.use(current, nil))
	}
	err = errors.Join(err, w.drain())
	if err != nil {
		if !Invalidates(err) { // a view that cannot be made leaves what was there as it was
			w.unsure(err)
		}
		return fmt.Errorf("making view %s.%s in the evaluator: %w", v.DB, v.Name, err)
	}
	if w.views == nil {
		w.views = map[string]string{}
	}
	w.views[key] = definition
	return nil
}

// remade is the definition of a view that is there and has to be made anew.
const remade = "\x00"

// strictly makes the session a strict one, or not: by that MariaDB says what of a view can be NULL.
func (w *Workspace) strictly(strict bool) error {
	w.unknow(sqlModeVariable)
	return w.send(modeOf(strict), sent{vital: true})
}

// UseShown makes the private schema that holds a database's twins the current one.
func (w *Workspace) UseShown(db string) error { return w.use(w.ShownSchema(db)) }

// unview drops a view that a table takes the place of.
func (w *Workspace) unview(key, name string) error {
	if w.views[key] == "" {
		return nil
	}
	delete(w.views, key)
	return w.send("DROP VIEW "+name, sent{})
}

// dropViews drops those that are left.
func (w *Workspace) dropViews() (err error) {
	for key := range w.views {
		db, name, _ := strings.Cut(key, ".") // a private schema's name has no point
		err = errors.Join(err, w.unview(key, schema.Quote(db)+"."+schema.Quote(name)))
	}
	return err
}
