package schema

import (
	"slices"
	"strings"
)

// Partition is how a logical table is partitioned. Where all columns that decide are stored in clear, upstream's table is partitioned
// alike. Else upstream's is not partitioned at all, and the evaluator decides whether there is a partition for a row.
type Partition struct {
	// Clause is PARTITION BY … in the server's words, without engines and places; "" where it could not be read.
	Clause string
	// Columns are those that decide, and perhaps more.
	Columns []string
	// Rejects: there may be rows that no partition takes.
	Rejects bool `json:",omitempty"`
}

// PartitionStored says whether upstream's table is partitioned as the logical one.
func (t *Table) PartitionStored() bool {
	return t.Partition != nil && !slices.ContainsFunc(t.Partition.Columns, func(name string) bool {
		c := t.Column(name)
		return c == nil || c.Storage != StoredClear
	})
}

// PartitionDecided says that only the evaluator can tell whether there is a partition for a row.
func (t *Table) PartitionDecided() bool {
	return t.Partition != nil && t.Partition.Rejects && !t.PartitionStored()
}

// partitionClause is what upstream's table has of the partitioning.
func (t *Table) partitionClause() string {
	if !t.PartitionStored() {
		return ""
	}
	return t.Partition.Clause
}

func (t *Table) unsupportedPartition() string {
	p := t.Partition
	counted := func(name string) bool { c := t.Column(name); return c != nil && c.AutoIncrement }
	switch {
	case p == nil:
		return ""
	case p.Clause == "":
		return "this form of partitioning"
	case t.PartitionStored() && strings.Contains(strings.ToUpper(p.Clause), "COMMENT"):
		return "a COMMENT of a partition"
	case t.PartitionDecided() && slices.ContainsFunc(p.Columns, counted):
		return "partitioning by RANGE or LIST of encrypted columns together with the AUTO_INCREMENT column, which upstream counts,"
	}
	return ""
}
