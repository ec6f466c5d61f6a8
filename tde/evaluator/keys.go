package evaluator

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// indexes reads them in the order in which the server checks them.
func (r *reader) indexes() error {
	rows, err := r.query("SHOW INDEX FROM " + qualified(r.ddl))
	if err != nil {
		return err
	}
	column := map[string]int{}
	for i, f := range rows.Fields {
		column[strings.ToLower(string(f.Name))] = i
	}
	text := func(row int, name string) string {
		i, ok := column[name]
		if !ok {
			return ""
		}
		return rows.text(row, i)
	}
	t := r.table
	for i := range rows.RowNumber() {
		name := text(i, "key_name")
		if n := len(t.Indexes); n == 0 || t.Indexes[n-1].Name != name {
			t.Indexes = append(t.Indexes, schema.Index{
				Name: name, Unique: text(i, "non_unique") == "0", Type: text(i, "index_type"), Comment: text(i, "index_comment"),
				Invisible: text(i, "visible") == "NO" || text(i, "ignored") == "YES",
			})
		}
		ix := &t.Indexes[len(t.Indexes)-1]
		part := schema.IndexPart{Column: text(i, "column_name"), Desc: text(i, "collation") == "D"}
		if p := text(i, "sub_part"); p != "" && ix.Type != "SPATIAL" {
			if part.Prefix, err = strconv.Atoi(p); err != nil {
				return fmt.Errorf("%w: index prefix is no number", errOwn)
			}
		}
		ix.Parts = append(ix.Parts, part)
	}
	return nil
}

func (r *reader) foreignKeys() error {
	rows, err := r.query("SELECT k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, " +
		"k.REFERENCED_COLUMN_NAME, c.DELETE_RULE, c.UPDATE_RULE FROM information_schema.KEY_COLUMN_USAGE k " +
		"JOIN information_schema.REFERENTIAL_CONSTRAINTS c ON c.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA " +
		"AND c.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND c.TABLE_NAME = k.TABLE_NAME WHERE k.TABLE_SCHEMA = " +
		hexString(r.ddl.Database) + " AND k.TABLE_NAME = " + hexString(r.ddl.Table) + " ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION")
	if err != nil {
		return err
	}
	t := r.table
	for i := range rows.RowNumber() {
		name := rows.text(i, 0)
		if n := len(t.ForeignKeys); n == 0 || t.ForeignKeys[n-1].Name != name {
			fk := schema.ForeignKey{Name: name, RefTable: rows.text(i, 3), OnDelete: rows.text(i, 5), OnUpdate: rows.text(i, 6)}
			if db := rows.text(i, 2); db != r.ddl.Database {
				fk.RefDB = db
			}
			t.ForeignKeys = append(t.ForeignKeys, fk)
		}
		fk := &t.ForeignKeys[len(t.ForeignKeys)-1]
		fk.Columns = append(fk.Columns, rows.text(i, 1))
		fk.RefColumns = append(fk.RefColumns, rows.text(i, 4))
	}
	return nil
}

// constraints reads CHECKs. That of MariaDB's JSON becomes its column's.
func (r *reader) constraints() error {
	sql := "SELECT c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c " +
		"JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME " +
		"WHERE t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_SCHEMA = " + hexString(r.ddl.Database) + " AND t.TABLE_NAME = " + hexString(r.ddl.Table)
	if r.mariaDB {
		sql = "SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = " +
			hexString(r.ddl.Database) + " AND TABLE_NAME = " + hexString(r.ddl.Table)
	}
	rows, err := r.query(sql)
	if err != nil {
		return err
	}
	for i := range rows.RowNumber() {
		name, clause := rows.text(i, 0), rows.text(i, 1)
		if c := r.table.Column(name); r.mariaDB && c != nil && strings.EqualFold(clause, "json_valid("+schema.Quote(c.Name)+")") {
			c.JSONCheck = true
			continue
		}
		r.table.Checks = append(r.table.Checks, name+": "+clause)
	}
	return nil
}
