package value

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// transition is an instant at which a zone changes its offset.
type transition struct {
	at     int64
	offset int64
}

// transitions finds a zone's changes between 1970 and 2038.
func transitions(loc *time.Location) (out []transition) {
	const day = 86400
	for u := int64(0); u < lastTimestamp; u += day {
		for low := u; offsetAt(loc, low) != offsetAt(loc, u+day); {
			high := u + day
			was := offsetAt(loc, low)
			for high-low > 1 {
				if mid := (low + high) / 2; offsetAt(loc, mid) == was {
					low = mid
				} else {
					high = mid
				}
			}
			out = append(out, transition{high, offsetAt(loc, high)})
			low = high
		}
	}
	return out
}

// loadZone gives the server a zone that has exactly Go's transitions, and takes it away in the end.
func loadZone(t *testing.T, s *server, name string, loc *time.Location, all []transition) {
	t.Helper()
	s.must(t, "INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')")
	id := s.column(t, "SELECT LAST_INSERT_ID()")[0]
	t.Cleanup(func() {
		for _, table := range []string{"time_zone_name", "time_zone_transition", "time_zone_transition_type", "time_zone"} {
			s.must(t, "DELETE FROM mysql."+table+" WHERE Time_zone_id="+id)
		}
	})
	s.must(t, fmt.Sprintf("INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('%s', %s)", name, id))
	types := map[int64]int{}
	addType := func(offset int64) int {
		n, ok := types[offset]
		if !ok {
			n = len(types)
			types[offset] = n
			s.must(t, fmt.Sprintf("INSERT INTO mysql.time_zone_transition_type VALUES (%s, %d, %d, 0, 'x')", id, n, offset))
		}
		return n
	}
	addType(offsetAt(loc, 0))
	for _, tr := range all {
		s.must(t, fmt.Sprintf("INSERT INTO mysql.time_zone_transition VALUES (%s, %d, %d)", id, tr.at, addType(tr.offset)))
	}
}

// TestTimestampZones stores local times around the changes of zones. Where Coerce succeeds, the server must store the same
// instant; what clocks skip or show twice must be left to it.
func TestTimestampZones(t *testing.T) {
	eachServer(t, func(t *testing.T, s *server) {
		for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia", "Asia/Kolkata"} {
			t.Run(name, func(t *testing.T) {
				loc, err := time.LoadLocation(name)
				if err != nil {
					t.Fatal(err)
				}
				all := transitions(loc)
				own := fmt.Sprintf("tde_value_%d/%s", os.Getpid(), strings.ToLower(name))
				loadZone(t, s, own, loc, all)
				s.must(t, "SET sql_mode='STRICT_TRANS_TABLES', time_zone='"+own+"'")
				defer s.must(t, "SET time_zone='+00:00'")
				zoneTimes(t, s, loc, all)
			})
		}
	})
}

func zoneTimes(t *testing.T, s *server, loc *time.Location, all []transition) {
	c := &column{Column: schema.Column{Kind: schema.KindTimestamp, FSP: 3}}
	s.must(t, "DROP TEMPORARY TABLE IF EXISTS t")
	s.must(t, "CREATE TEMPORARY TABLE t (id int primary key, c timestamp(3) null)")
	w := writer{t: t, s: s, c: c, ctx: &Context{Strict: true, Location: loc, MariaDB: s.mariadb}}
	r := rand.New(rand.NewPCG(5, 6))
	s.must(t, "BEGIN")
	tried := 0
	for _, tr := range all[max(0, len(all)-40):] {
		for _, d := range []int64{-90000, -7201, -3601, -3600, -1800, -1, 0, 1, 1799, 1800, 3599, 3600, 7200, 90000} {
			m := fromEpoch(tr.at+offsetAt(loc, tr.at)+d, 125000)
			tried++
			w.insert(strs(string(m.appendDateTime(nil, 3)))[0])
		}
	}
	for range 300 {
		m := fromEpoch(r.Int64N(lastTimestamp), 0)
		w.insert(strs(string(m.appendDateTime(nil, 0)))[0])
	}
	s.must(t, "COMMIT")
	w.compare("SELECT c FROM t ORDER BY id")
	s.must(t, "SET time_zone='+00:00'")
	for i, want := range s.column(t, "SELECT c FROM t ORDER BY id") {
		if string(w.stored[i]) != want {
			t.Errorf("%v: stored %q, the server %q", w.literals[i], w.stored[i], want)
		}
	}
	t.Logf("%d of %d times taken, %d changes", len(w.stored), tried+300, len(all))
}

// TestZoneEdges holds what has no one instant to be refused.
func TestZoneEdges(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		"2024-03-31 01:59:59": true, "2024-03-31 02:00:00": false, "2024-03-31 02:59:59": false, "2024-03-31 03:00:00": true,
		"2024-10-27 01:59:59": true, "2024-10-27 02:00:00": false, "2024-10-27 02:59:59": false, "2024-10-27 03:00:00": true,
		"1970-01-01 01:00:00": false, "1970-01-01 01:00:01": true, "2038-01-19 04:14:06": true, "2038-01-19 04:14:07": false,
	} {
		col := &schema.Column{Kind: schema.KindTimestamp}
		if _, err := Coerce(nil, strs(text)[0].v, col, &Context{Location: loc}); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
		if _, _, _, err := Comparand(nil, strs(text)[0].v, col, &Context{Location: loc}); (err == nil) != ok {
			t.Errorf("compared with %s: %v", text, err)
		}
	}
}
