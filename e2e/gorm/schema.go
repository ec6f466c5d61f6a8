package main

import (
	"fmt"
	"sort"

	"gorm.io/gorm"
)

var models = []any{&Company{}, &Language{}, &User{}, &Profile{}, &Order{}}

func (w *work) migrate() {
	for _, name := range []string{"migrate", "migrate again"} {
		w.step(name, func() (any, error) { return nil, w.db.AutoMigrate(models...) })
		w.schema()
	}
}

// schema prints what the database and GORM say of all tables.
func (w *work) schema() {
	w.step("schema", func() (any, error) {
		tables, err := w.db.Migrator().GetTables()
		sort.Strings(tables)
		for _, t := range tables {
			var row struct {
				Table  string `gorm:"column:Table"`
				Create string `gorm:"column:Create Table"`
			}
			if err := w.db.Raw("SHOW CREATE TABLE " + t).Scan(&row).Error; err != nil {
				return nil, err
			}
			fmt.Println(row.Create)
		}
		return tables, err
	})
	for _, m := range models {
		w.step(fmt.Sprintf("columns of %T", m), func() (any, error) { return w.columns(m) })
		w.step(fmt.Sprintf("indexes of %T", m), func() (any, error) { return w.indexes(m) })
	}
}

func (w *work) columns(model any) ([]string, error) {
	types, err := w.db.Migrator().ColumnTypes(model)
	var all []string
	for _, t := range types {
		kind, _ := t.ColumnType()
		null, _ := t.Nullable()
		length, _ := t.Length()
		precision, scale, _ := t.DecimalSize()
		primary, _ := t.PrimaryKey()
		counts, _ := t.AutoIncrement()
		unique, _ := t.Unique()
		value, given := t.DefaultValue()
		comment, _ := t.Comment()
		all = append(all, fmt.Sprint(t.Name(), " ", t.DatabaseTypeName(), " ", kind, " ", t.ScanType(), null, length, precision, scale, primary, counts, unique, value, given, comment))
	}
	return all, err
}

func (w *work) indexes(model any) ([]string, error) {
	found, err := w.db.Migrator().GetIndexes(model)
	var all []string
	for _, i := range found {
		unique, _ := i.Unique()
		primary, _ := i.PrimaryKey()
		all = append(all, fmt.Sprint(i.Name(), i.Columns(), unique, primary))
	}
	sort.Strings(all)
	return all, err
}

// alter changes the schema step by step.
func (w *work) alter() {
	type Order struct {
		ID    uint
		Item  string `gorm:"size:120;index"`
		Price int64
		Extra string `gorm:"size:30;default:'none yet'"`
	}
	m := w.db.Migrator()
	for _, s := range []struct {
		name string
		do   func() error
	}{
		{"add column", func() error { return m.AddColumn(&Order{}, "Extra") }},
		{"alter column", func() error { return m.AlterColumn(&Order{}, "Item") }},
		{"create index", func() error { return w.db.Exec("CREATE INDEX idx_price ON orders (price)").Error }},
		{"drop index", func() error { return m.DropIndex(&Order{}, "idx_orders_item") }},
		{"create index again", func() error { return m.CreateIndex(&Order{}, "Item") }},
		{"rename index", func() error { return m.RenameIndex(&Order{}, "idx_price", "idx_cost") }},
		{"rename column", func() error { return m.RenameColumn(&Order{}, "extra", "more") }},
		{"drop column", func() error { return m.DropColumn(&Order{}, "more") }},
		{"drop constraint", func() error { return m.DropConstraint(&User{}, "Orders") }},
		{"create constraint", func() error { return m.CreateConstraint(&User{}, "Orders") }},
		{"drop check", func() error { return m.DropConstraint(&User{}, "age_check") }},
		{"rename table", func() error { return m.RenameTable("profiles", "self_portraits") }},
		{"rename table back", func() error { return m.RenameTable("self_portraits", "profiles") }},
	} {
		w.step(s.name, func() (any, error) { return nil, s.do() })
		w.schema()
		w.step("orders", func() (any, error) { return w.rows("orders") })
	}
	w.step("has", func() (any, error) {
		return []bool{m.HasTable(&User{}), m.HasTable("nosuch"), m.HasColumn(&User{}, "Name"), m.HasColumn(&User{}, "nosuch"), m.HasIndex(&User{}, "Name"),
			m.HasConstraint(&User{}, "Company")}, nil
	})
	w.step("drop tables", func() (any, error) {
		return nil, m.DropTable("speaks", &Order{}, &Profile{}, &User{}, &Language{}, &Company{})
	})
	w.step("tables", func() (any, error) { return m.GetTables() })
}

// rows are all of a table, as maps.
func (w *work) rows(table string) ([]map[string]any, error) {
	var all []map[string]any
	err := w.db.Table(table).Order("id").Find(&all).Error
	return all, err
}

var errBack = fmt.Errorf("go back: %w", gorm.ErrInvalidTransaction)
