package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/evaluator"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// maxFunctions bounds how many stored functions one statement may call, those that others call among them.
const maxFunctions = 64

// ER_PROCACCESS_DENIED_ERROR is passed on as it comes; ER_SP_WRONG_NO_OF_ARGS is what whoever may call a function is told of a call with
// another number of arguments.
const codeWrongArgs = 1318

// storedFunction is a stored function of upstream's that touches no table.
type storedFunction struct {
	plan.Routine
	*plan.StoredFunction
	copied  evaluator.Function
	definer string
	invoker bool // SQL SECURITY INVOKER
}

// storedFunctions are the stored functions that a statement calls, and those that these call. may says whether the client has the privilege to
// call one; it is nil where none is called. missing is the name of one that is not there.
func (c *Catalog) storedFunctions(ctx context.Context, called []plan.Routine, may func(*storedFunction) error) (out []*storedFunction, missing string, err error) {
	type call struct {
		plan.Routine
		by *storedFunction
	}
	var calls []call
	for _, r := range called {
		calls = append(calls, call{Routine: r})
	}
	for i := 0; i < len(calls); i++ {
		by := calls[i].by
		f, err := c.storedFunction(ctx, calls[i].Routine)
		switch {
		case err != nil:
			return nil, "", err
		case f == nil && by == nil:
			missing = calls[i].Name // the evaluator has the server's words for that
			continue
		case f == nil:
			return nil, "", by.refused("it calls " + quoteName(calls[i].Name) + ", which is none of the functions that are known here")
		case by != nil && !by.invoker && by.definer != f.definer:
			return nil, "", by.refused("it calls " + quoteName(f.Name) + " with the privileges of its definer, who did not make that")
		}
		if may != nil {
			if err := may(f); err != nil {
				return nil, "", err
			}
		}
		out = append(out, f)
		for _, r := range f.Calls {
			r.DB = f.DB
			if !slices.ContainsFunc(calls, func(o call) bool { return o.DB == r.DB && strings.EqualFold(o.Name, r.Name) }) {
				calls = append(calls, call{r, f})
			}
		}
		if len(calls) > maxFunctions {
			return nil, "", notSupported("more than %d stored functions in a statement with an encrypted table are not supported", maxFunctions)
		}
	}
	return out, missing, nil
}

// copies are stored functions as the evaluator takes them.
func copies(stored []*storedFunction) []evaluator.Function {
	out := make([]evaluator.Function, len(stored))
	for i, f := range stored {
		out[i] = f.copied
	}
	return out
}

// uncopied is an error of making the functions in the evaluator, in which nothing of its words stays.
func uncopied(stored []*storedFunction, err error) error {
	if e := (*wire.Error)(nil); errors.As(err, &e) && len(stored) > 0 {
		return stored[0].refused(fmt.Sprintf("the evaluator could not make it, or one that it calls (error %d)", e.Code))
	}
	return err
}

func (f *storedFunction) refused(why string) error {
	return refusedFunction(f.Routine, why)
}

func refusedFunction(r plan.Routine, why string) error {
	return notSupported("a stored or loadable function (%s.%s) in a statement with an encrypted table is not supported: %s", r.DB, r.Name, why)
}

// mayCall has upstream say whether the client may call a function. It is called with another number of arguments than it has: privileges
// are looked at before that is, and nothing runs.
func (x *Session) mayCall(f *storedFunction) error {
	name := quoteName(f.DB) + "." + quoteName(f.Name)
	if !ascii([]byte(name)) && !strings.HasPrefix(x.vars.ClientCharset, "utf8") {
		return f.refused("its name is not ASCII; use SET NAMES utf8mb4")
	}
	args := "()"
	if f.Plain {
		args = "(NULL)"
	}
	err := x.query("SELECT "+name+args, func([][]byte) error { return nil })
	if e := (*wire.Error)(nil); errors.As(err, &e) && e.Code == codeWrongArgs {
		return nil
	}
	if err == nil {
		return errRedefined
	}
	return err
}

// storedFunction reads a stored function; nil where there is none of the name. Others change functions past the proxy: nothing of them is kept.
func (c *Catalog) storedFunction(ctx context.Context, r plan.Routine) (*storedFunction, error) {
	definer, invoker, err := c.ownFunction(ctx, r)
	if err != nil || definer == "" {
		return nil, err
	}
	rows, err := c.rows(ctx, "SHOW CREATE FUNCTION "+quoteName(r.DB)+"."+quoteName(r.Name))
	if err != nil {
		return nil, fmt.Errorf("reading function %s.%s: %w", r.DB, r.Name, err)
	}
	if len(rows) != 1 || len(rows[0]) < 6 || rows[0][2] == "" {
		return nil, refusedFunction(r, "the proxy's own account cannot see its definition")
	}
	row := rows[0]
	sqlMode, client, collation := row[1], charset([]byte(row[3])), row[4]
	modes := "," + sqlMode + ","
	has := func(mode string) bool { return strings.Contains(modes, ","+mode+",") }
	switch {
	case !plainWords(sqlMode) || !plainWords(client+collation+row[5]):
		return nil, refusedFunction(r, "its definition could not be read")
	case has("ORACLE"):
		return nil, refusedFunction(r, "its sql_mode is ORACLE")
	case !ascii([]byte(row[2])) && !strings.HasPrefix(client, "utf8"), wide(client), wide(collation):
		return nil, refusedFunction(r, "it was made in another character set than utf8mb4")
	}
	read, why := plan.ReadFunction(row[2], plan.Mode{
		ANSIQuotes: has("ANSI_QUOTES"), NoBackslashEscapes: has("NO_BACKSLASH_ESCAPES"), PipesAsConcat: has("PIPES_AS_CONCAT"),
		HighNotPrecedence: has("HIGH_NOT_PRECEDENCE"), MariaDB: c.mariaDB, Version: c.version,
	})
	if why != "" {
		return nil, refusedFunction(r, why)
	}
	return &storedFunction{
		Routine: r, StoredFunction: read, definer: definer, invoker: invoker,
		copied: evaluator.Function{
			DB: r.DB, Name: r.Name, Text: read.Text, SQLMode: sqlMode, Charset: client, Collation: collation, DatabaseCollation: row[5],
		},
	}, nil
}

// plainWords says whether a text of upstream's is words with commas between them, and nothing else.
func plainWords(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != ',' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// ownFunction looks for a stored function; definer is empty where there is none. A loaded one of the name runs upstream alone, where
// the values are ciphertext.
func (c *Catalog) ownFunction(ctx context.Context, r plan.Routine) (definer string, invoker bool, err error) {
	loaded := "mysql.func WHERE name = ?"
	if !c.mariaDB {
		loaded = "performance_schema.user_defined_functions WHERE UDF_NAME = ?"
	}
	rows, err := c.rows(ctx, "SELECT DEFINER, SECURITY_TYPE FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA = ? "+
		"AND ROUTINE_NAME = ? UNION ALL SELECT '', '' FROM "+loaded, r.DB, r.Name, r.Name)
	if err != nil {
		return "", false, fmt.Errorf("looking for function %s.%s: %w", r.DB, r.Name, err)
	}
	for _, row := range rows {
		if row[0] == "" {
			return "", false, refusedFunction(r, "it is loaded by the server, and not in SQL")
		}
		definer, invoker = row[0], row[1] == "INVOKER"
	}
	return definer, invoker, nil
}
