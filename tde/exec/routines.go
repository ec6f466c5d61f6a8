package exec

import (
	"context"
	"fmt"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// functions sees that the evaluator's functions do what upstream's do.
func (s *splitRun) functions(ctx context.Context) error {
	if s.plan.Uses.Zones {
		if err := s.zones(ctx); err != nil {
			return err
		}
	}
	return s.catalog.noneStored(ctx, s.plan.Uses.Functions)
}

// zones sees that CONVERT_TZ finds the time zones that upstream's tables have. Where they are empty, so are the evaluator's,
// but for the zones that sessions have set.
func (s *splitRun) zones(ctx context.Context) error {
	const zero = "'+00:00'"
	var known []string
	for _, name := range []string{"UTC", "Europe/London", "Asia/Tokyo", "America/New_York"} {
		known = append(known, "CONVERT_TZ('2000-01-01', '"+name+"', "+zero+")")
	}
	rows, err := s.catalog.rows(ctx, "SELECT COALESCE("+strings.Join(known, ", ")+", '')")
	if err != nil {
		return fmt.Errorf("asking for time zones: %w", err)
	}
	if rows[0][0] == "" {
		return nil
	}
	rows, err = s.catalog.rows(ctx, "SELECT Name FROM mysql.time_zone_name")
	if err != nil {
		return notSupported("CONVERT_TZ in a statement with an encrypted table needs the proxy's own account to read upstream's time zones: "+
			"GRANT SELECT ON mysql.time_zone_name TO it (%s)", err)
	}
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i][0]
	}
	return s.catalog.evaluator.LearnZones(ctx, names)
}

// noneStored sees that upstream has no function of the names that a statement calls beside the server's own: a stored or
// loaded one runs there alone, where the values are ciphertext.
func (c *Catalog) noneStored(ctx context.Context, functions []plan.Routine) error {
	loaded := "mysql.func WHERE name = ?"
	if !c.mariaDB {
		loaded = "performance_schema.user_defined_functions WHERE UDF_NAME = ?"
	}
	for _, f := range functions {
		rows, err := c.rows(ctx, "SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA = ? "+
			"AND ROUTINE_NAME = ? UNION ALL SELECT 1 FROM "+loaded, f.DB, f.Name, f.Name)
		if err != nil {
			return fmt.Errorf("looking for function %s.%s: %w", f.DB, f.Name, err)
		}
		if len(rows) > 0 {
			return notSupported("a stored or loadable function (%s.%s) in a statement with an encrypted table is not supported", f.DB, f.Name)
		}
	}
	return nil
}

// strange is the error for an answer that is not one of a statement with a function that does not exist: the function is
// the evaluator's own after all, and nobody knows what it does.
func (s *splitRun) strange() error {
	if len(s.plan.Uses.Functions) == 0 {
		return nil
	}
	f := s.plan.Uses.Functions[0]
	return notSupported("function %s in a statement with an encrypted table is not supported", quoteName(f.Name))
}
