package exec

import (
	"context"
	"fmt"
	"strings"
)

// functions sees that the evaluator's functions do what upstream's do, and gives it the stored ones.
func (s *splitRun) functions(ctx context.Context) error {
	stored, missing, err := s.catalog.storedFunctions(ctx, s.plan.Uses.Functions, s.mayCall)
	if err != nil {
		return err
	}
	s.missing = missing
	zones := s.plan.Uses.Zones
	for _, f := range stored {
		s.timed, s.varies, zones = s.timed || f.Now, s.varies || f.Unsteady, zones || f.Zones
	}
	if zones {
		if err := s.zones(ctx); err != nil {
			return err
		}
	}
	return uncopied(stored, s.bench.Functions(copies(stored)))
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

// strange is the error for an answer that is not one of a statement with a function that does not exist: the function is
// the evaluator's own after all, and nobody knows what it does.
func (s *splitRun) strange() error {
	if s.missing == "" {
		return nil
	}
	return notSupported("function %s in a statement with an encrypted table is not supported", quoteName(s.missing))
}
