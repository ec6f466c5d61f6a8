package exec

import (
	"context"
	"errors"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// renameView renames a view. What is sealed of it is bound to its name, so upstream has it under both names first, then renames the view, and then
// has it under the new one alone: whatever a kill leaves opens.
func (x *Session) renameView(ctx context.Context, p *plan.RenameView, more bool) error {
	d := *p.View.Defined
	was := d.Sealed
	d.DB, d.Name = p.DB, p.Name
	var err error
	if d.Sealed, err = x.catalog.sealView(&d); err != nil {
		return err
	}
	from, to := quoteName(p.View.DB)+"."+quoteName(p.View.Name), quoteName(p.DB)+"."+quoteName(p.Name)
	if !ascii([]byte(from+to)) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") {
		return notSupported("RENAME of a view with names that are not ASCII needs SET NAMES utf8mb4")
	}
	if err := x.holdView(from, was+" "+d.Sealed); err != nil {
		return err
	}
	if _, err := x.exec("RENAME TABLE " + from + " TO " + to); err != nil {
		var broken *wire.BrokenError
		if errors.As(err, &broken) {
			return err
		}
		return errors.Join(err, x.holdView(from, was))
	}
	view := schema.NewView(&d)
	x.catalog.replace(p.View, &sealer{table: view})
	if err := x.holdView(to, d.Sealed); err != nil {
		return err
	}
	return x.sendOK(wire.OK{Status: x.Status &^ statusOfStatement}, more)
}

// holdView has a view upstream hold what is sealed. Whose it is stays.
func (x *Session) holdView(name, sealed string) error {
	_, err := x.exec("ALTER VIEW " + name + " AS SELECT '" + sealed + "' AS " + quoteName(schema.ViewColumn))
	return err
}
