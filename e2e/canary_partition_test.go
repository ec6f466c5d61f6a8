package e2e_test

import (
	"testing"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// partitionCanaries partition by encrypted columns, and write what goes into a partition or into none.
func partitionCanaries() []canaryWrite {
	return []canaryWrite{
		{"create list", true, text("CREATE TABLE listed (v VARCHAR(100), n BIGINT) PARTITION BY LIST COLUMNS (v) (PARTITION p0 VALUES IN ('%s', '%s', 'a'), "+
			"PARTITION p1 VALUES IN ('%s'))", word, word, word)},
		{"add partition", true, text("ALTER TABLE listed ADD PARTITION (PARTITION p2 VALUES IN ('%s'))", word)},
		{"insert", true, text("INSERT INTO listed VALUES ('a', %d)", number)},
		{"insert into none", false, text("INSERT INTO listed VALUES ('%s', %d)", word, number)},
		{"update to none", false, text("UPDATE listed SET v = '%s' WHERE n <> %d", word, number)},
		{"ignore", true, text("INSERT IGNORE INTO listed VALUES ('%s', %d), ('a', %d)", word, number, number)},
		{"create range", true, text("CREATE TABLE ranged_parts (n BIGINT, v VARCHAR(100)) PARTITION BY RANGE (n) (PARTITION p0 VALUES LESS THAN (%d))", number)},
		{"partition anew", true, text("ALTER TABLE ranged_parts PARTITION BY LIST (n) (PARTITION p0 VALUES IN (%d, 5))", number)},
		{"drop partition", false, text("ALTER TABLE listed DROP PARTITION p1")},
		{"upsert", false, text("INSERT INTO listed VALUES ('%s', 1) ON DUPLICATE KEY UPDATE v = '%s'", word, word)},
	}
}

// TestPartitionCanary searches upstream's files, memory and the link for what partitions of encrypted columns are made of.
func TestPartitionCanary(t *testing.T) {
	forFlavours(t, func(t *testing.T, f harness.Flavour) {
		s := stageOf(t, f)
		conn := s.connect(t, rawmysql.Config{Database: s.database(t, "canaryparts")})
		var all []harness.Needle
		for _, w := range partitionCanaries() {
			var a harness.Canaries
			err := w.run(conn, &a)
			if err != nil && w.must {
				t.Errorf("%s: %v", w.name, err)
			} else if err != nil {
				t.Logf("%s: %v", w.name, err)
			}
			for _, n := range a.Needles() {
				n.Canary = w.name + ": " + n.Canary
				all = append(all, n)
			}
		}
		s.absent(t, all)
		s.healthy(t)
	})
}
