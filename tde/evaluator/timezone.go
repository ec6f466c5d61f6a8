package evaluator

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Time zones are loaded for the years that mysql_tzinfo_to_sql loads them for.
var (
	zonesFrom = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	zonesTo   = time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
)

// LearnZones gives the server time zones, once: those of the names that the system's database has.
func (e *Evaluator) LearnZones(ctx context.Context, names []string) error {
	return e.with(ctx, func(c *conn) error {
		for _, name := range names {
			if e.zoneOf(name) == c.server {
				continue
			}
			if _, err := time.LoadLocation(name); err == nil {
				c.set = false
				if err := e.loadZone(c, name); err != nil {
					return fmt.Errorf("time zone %q: %w", name, err)
				}
			}
			e.mu.Lock()
			e.zoned[name] = c.server
			e.mu.Unlock()
		}
		return nil
	})
}

func (e *Evaluator) zoneOf(name string) *server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.zoned[name]
}

// loadZone gives the server a time zone that it does not know, from the system's database.
func (e *Evaluator) loadZone(c *conn, name string) error {
	location, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		return fmt.Errorf("%w: time zone %q is not in the system's database", errOwn, name)
	}
	e.zones.Lock()
	defer e.zones.Unlock()
	rows, err := c.query("SELECT 1 FROM mysql.time_zone_name WHERE Name = " + hexString(name))
	if err != nil || rows.RowNumber() > 0 {
		return err
	}
	if _, err := c.query(setUTC); err != nil {
		return err
	}
	added, err := c.query("INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')")
	if err != nil {
		return err
	}
	id := added.InsertId
	var types, transitions []string
	known := map[string]int{}
	last := -1
	for at := zonesFrom.In(location); at.Before(zonesTo); {
		abbreviation, offset := at.Zone()
		dst := 0
		if at.IsDST() {
			dst = 1
		}
		key := fmt.Sprintf("%d,%d,%s", offset, dst, hexString(abbreviation[:min(len(abbreviation), 8)]))
		n, ok := known[key]
		if !ok {
			n = len(known)
			known[key] = n
			types = append(types, fmt.Sprintf("(%d,%d,%s)", id, n, key))
		}
		if last >= 0 && n != last {
			transitions = append(transitions, fmt.Sprintf("(%d,%d,%d)", id, at.Unix(), n))
		}
		last = n
		_, to := at.ZoneBounds()
		if to.IsZero() {
			break
		}
		if !to.After(at) {
			to = at.Add(24 * time.Hour) // ZoneBounds stands still at the end of some years
		}
		at = to.In(location)
	}
	statements := []string{"INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES " + strings.Join(types, ",")}
	if len(transitions) > 0 {
		statements = append(statements, "INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES "+strings.Join(transitions, ","))
	}
	// The name comes last: the server finds the zone by it.
	statements = append(statements, fmt.Sprintf("INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES (%s,%d)", hexString(name), id))
	for _, sql := range statements {
		if _, err := c.query(sql); err != nil {
			return err
		}
	}
	return nil
}
