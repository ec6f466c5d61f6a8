package plan

import (
	"fmt"
	"slices"
	"strings"
)

// inSight is a table of a FROM clause, as a random query may name its columns.
type inSight struct {
	alias   string
	columns []string
}

// query makes a random SELECT of one query block or two joined. outer are the tables of the queries around it. columns is
// how many it selects; 0 leaves that open.
func (e *enough) query(outer []inSight, depth, columns int) string {
	if columns == 0 {
		columns = 1 + e.rnd.IntN(3)
	}
	if outer == nil && e.rnd.IntN(12) == 0 {
		return e.firstRows(columns)
	}
	if outer == nil && e.rnd.IntN(3) > 0 {
		return e.related(columns)
	}
	sql := e.block(outer, depth, columns)
	if depth > 0 && e.rnd.IntN(8) == 0 {
		return sql + e.pick(" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT ") + e.block(outer, depth-1, columns)
	}
	return sql
}

func (e *enough) pick(of ...string) string { return of[e.rnd.IntN(len(of))] }

func (e *enough) block(outer []inSight, depth, columns int) string {
	from, own := e.from(depth, 1+e.rnd.IntN(3))
	all := append(append([]inSight(nil), outer...), own...)
	var list []string
	for range columns {
		list = append(list, e.value(own))
	}
	sql := "SELECT "
	switch e.rnd.IntN(6) {
	case 0:
		for i := range list {
			list[i] = e.pick("COUNT", "MAX", "MIN", "SUM") + "(" + list[i] + ")"
		}
	case 1:
		sql += "DISTINCT "
	}
	sql += strings.Join(list, ", ") + " FROM " + from
	switch e.rnd.IntN(5) {
	case 0:
	case 1, 2:
		sql += " WHERE " + e.condition(own, all, depth, 3)
	default:
		where := e.equality(own, all)
		for range e.rnd.IntN(4) {
			where += " AND " + e.pick(e.equality(own, all), e.comparison(own[:1], own[:1]), e.condition(own, all, depth, 1))
		}
		if depth > 0 && e.rnd.IntN(2) == 0 {
			where += " AND " + e.partners(all, depth-1)
		}
		sql += " WHERE " + where
	}
	return sql
}

// from makes a FROM clause of n tables.
func (e *enough) from(depth, n int) (string, []inSight) {
	if n == 1 {
		return e.source(depth)
	}
	k := 1 + e.rnd.IntN(n-1)
	left, own := e.from(depth, k)
	right, more := e.from(depth, n-k)
	if n-k > 1 {
		right = "(" + right + ")"
	}
	if k > 1 && e.rnd.IntN(2) == 0 {
		left = "(" + left + ")"
	}
	all := append(own, more...)
	switch e.rnd.IntN(12) {
	case 0:
		return left + " NATURAL " + e.pick("", "LEFT ", "RIGHT ") + "JOIN " + right, all
	case 1:
		return left + " " + e.pick("", "LEFT ", "RIGHT ") + "JOIN " + right + " USING (" + e.pick("id", "k", "id, k") + ")", all
	case 2:
		return left + " CROSS JOIN " + right, all
	}
	on := e.condition(all, all, 0, 2)
	if e.rnd.IntN(2) == 0 {
		on = e.equality(own, more) + e.pick("", " AND "+on)
	}
	return left + " " + e.pick("", "LEFT ", "LEFT ", "RIGHT ") + "JOIN " + right + " ON " + on, all
}

// source makes one table of a FROM clause.
func (e *enough) source(depth int) (string, []inSight) {
	e.aliases++
	alias := fmt.Sprintf("t%d", e.aliases)
	if depth == 1 && e.rnd.IntN(4) == 0 {
		alias = fmt.Sprintf("t%d", 1+e.rnd.IntN(e.aliases)) // hides a table outside, or is an error
	}
	if depth > 0 && e.rnd.IntN(6) == 0 {
		inner, own := e.source(depth - 1)
		sql := "(SELECT " + e.column(own) + " AS id, " + e.column(own) + " AS v FROM " + inner
		if e.rnd.IntN(2) == 0 {
			sql += " WHERE " + e.condition(own, own, depth-1, 2)
		}
		return sql + ") AS " + alias, []inSight{{alias, []string{"id", "v"}}}
	}
	name := e.pick(e.names()...)
	for i := 0; i < 4 && slices.Contains(e.used, name); i++ {
		name = e.pick(e.names()...) // a table that is read twice is narrowed by what both leave open
	}
	e.used = append(e.used, name)
	columns := []string{"id", "k", name + "n", name + "x"}
	switch e.rnd.IntN(4) {
	case 0:
		return e.full + "." + name + " AS " + alias, []inSight{{alias, columns}}
	default:
		return name + " " + alias, []inSight{{alias, columns}}
	}
}

// column names a column of some table.
func (e *enough) column(of []inSight) string {
	s := of[e.rnd.IntN(len(of))]
	c := s.columns[e.rnd.IntN(len(s.columns))]
	if c != "id" && c != "k" && c != "v" && e.rnd.IntN(8) == 0 || len(of) == 1 && e.rnd.IntN(3) == 0 {
		return c
	}
	return e.pick(s.alias+"."+c, "`"+s.alias+"`."+c, s.alias+".`"+c+"`")
}

func (e *enough) value(of []inSight) string {
	c := e.column(of)
	switch e.rnd.IntN(6) {
	case 0:
		return "COALESCE(" + c + ", " + e.constant() + ")"
	case 1:
		return c + " + " + e.constant()
	}
	return c
}

func (e *enough) constant() string {
	return e.pick("0", "1", "2", "3", "'a'", "'b'", "'c'", "NULL", "-1", "NULL")
}

// condition makes a random condition. own are the tables of the block, all those in sight.
func (e *enough) condition(own, all []inSight, depth, size int) string {
	if size > 0 && e.rnd.IntN(3) > 0 {
		l, r := e.condition(own, all, depth, size-1), e.condition(own, all, depth, size-1)
		switch e.rnd.IntN(8) {
		case 0:
			return "(" + l + " OR " + r + ")"
		case 1:
			return "NOT (" + l + e.pick(" AND ", " OR ", " XOR ") + r + ")"
		case 2:
			return "(" + l + " AND " + r + ")"
		}
		return l + e.pick(" AND ", " AND ", " && ", " AND ") + r
	}
	if depth > 0 && e.rnd.IntN(6) == 0 {
		return e.subquery(all, depth-1)
	}
	return e.comparison(own, all)
}

func (e *enough) comparison(own, all []inSight) string {
	op := e.pick(" = ", " = ", " <> ", " < ", " >= ", " <=> ", " <=> ", " LIKE ")
	switch c := e.column(own); e.rnd.IntN(14) {
	case 0, 12:
		return c + e.pick(" IS NULL", " IS NOT NULL")
	case 13:
		return c + e.pick(" LIKE 'b%'", " LIKE 'a%'", " NOT LIKE 'a%'")
	case 11:
		return c + e.pick(" IN (", " NOT IN (") + e.constant() + ", " + e.constant() + ")"
	case 2:
		return c + e.pick(" BETWEEN ", " NOT BETWEEN ") + e.constant() + " AND " + e.constant()
	case 1:
		return e.equality(own, all)
	case 3:
		return "(" + c + op + e.column(all) + ")"
	case 4:
		return e.value(own) + op + e.constant()
	case 5:
		return "CASE WHEN " + c + op + e.constant() + " AND 1 THEN 1 ELSE 0 END"
	case 6:
		return e.constant() + op + c
	case 7:
		return "(" + c + op + e.constant() + ") IS " + e.pick("", "NOT ") + "TRUE"
	default:
		return c + op + e.constant()
	}
}

func (e *enough) subquery(all []inSight, depth int) string {
	switch e.rnd.IntN(7) {
	case 4, 5, 6:
		return e.partners(all, depth)
	case 0:
		return e.column(all) + e.pick(" IN ", " NOT IN ") + "(" + e.query(all, depth, 1) + ")"
	case 1:
		return e.column(all) + e.pick(" = ", " < ", " <> ") + e.pick("ANY", "ALL") + " (" + e.query(all, depth, 1) + ")"
	}
	return e.pick("", "NOT ") + "EXISTS (" + e.query(all, depth, 1) + ")"
}

// equality compares two columns that are of one type where the tables have some.
func (e *enough) equality(left, right []inSight) string {
	l, r := left[e.rnd.IntN(len(left))], right[e.rnd.IntN(len(right))]
	i := e.rnd.IntN(min(len(l.columns), len(r.columns), 3))
	x, y := l.alias+"."+l.columns[i], r.alias+"."+r.columns[i]
	if e.rnd.IntN(6) == 0 {
		x, y = l.columns[i], r.columns[i]
	}
	return x + e.pick(" = ", " = ", " = ", " = ", " = ", " <=> ", " <> ") + y
}

// partners is a subquery that looks for rows equal to those outside.
func (e *enough) partners(all []inSight, depth int) string {
	from, own := e.from(depth, 1+e.rnd.IntN(4)/3)
	where := e.pick("1", e.condition(own, append(append([]inSight(nil), all...), own...), depth, 1))
	if e.rnd.IntN(2) == 0 {
		o, i := all[e.rnd.IntN(len(all))], own[e.rnd.IntN(len(own))]
		n := e.rnd.IntN(min(len(o.columns), len(i.columns), 3))
		item := i.alias + "." + i.columns[n]
		item = e.pick(item, item, item, "DISTINCT "+item, "MAX("+item+")")
		return o.alias + "." + o.columns[n] + e.pick(" IN ", " IN ", " NOT IN ") + "(SELECT " + item + " FROM " + from + " WHERE " + where + ")"
	}
	list := e.pick("1", "*", own[0].alias+".*", "COUNT(*)", "DISTINCT 1")
	tail := e.pick("", "", "", " GROUP BY 1", " LIMIT 1")
	return e.pick("", "", "NOT ") + "EXISTS (SELECT " + list + " FROM " + from + " WHERE " + e.equality(own, all) + " AND " + where + tail + ")"
}

// firstRows is a query whose LIMIT could go down.
func (e *enough) firstRows(columns int) string {
	from, own := e.source(0)
	if e.rnd.IntN(3) == 0 {
		var list []string
		for range columns {
			list = append(list, e.pick("MIN", "MAX", "MAX", "MIN", "COUNT")+"("+own[0].alias+"."+e.pick("k", own[0].columns[2], own[0].columns[2], own[0].columns[2])+")")
		}
		return "SELECT " + strings.Join(list, ", ") + " FROM " + from + e.pick("", " WHERE "+e.comparison(own, own), " WHERE "+own[0].columns[2]+" > 1")
	}
	list := e.pick("COALESCE", "COUNT", "COALESCE", "COALESCE") + "(" + e.value(own) + ")"
	for range columns - 1 {
		list += ", " + e.value(own)
	}
	sql := "SELECT " + e.pick("", "", "", "DISTINCT ") + list + " FROM " + from
	if e.rnd.IntN(3) > 0 {
		sql += e.pick(" WHERE ", " WHERE ", " WHERE NOT ") + own[0].alias + ".id" + e.pick(" > ", " <> ", " < ") + e.constant()
		if e.rnd.IntN(4) == 0 {
			sql += " AND " + e.comparison(own, own)
		}
	}
	order := e.pick("id", own[0].alias+".id", own[0].columns[2]+", id")
	return sql + " ORDER BY " + order + e.pick("", " DESC") + " LIMIT " + e.pick("1", "2", "5", "2, 2", "3 OFFSET 1", "0")
}

// related is a query of few tables, which are compared with each other, of which one has a condition of its own.
func (e *enough) related(columns int) string {
	from, own := e.source(0)
	for range e.rnd.IntN(3) {
		right, more := e.source(0)
		from += e.pick(" JOIN ", " JOIN ", " LEFT JOIN ", " RIGHT JOIN ") + right + " ON " + e.equality(own, more)
		if e.rnd.IntN(4) == 0 {
			from += " AND " + e.comparison(more, more)
		}
		own = append(own, more...)
	}
	var list []string
	for range columns {
		list = append(list, e.value(own))
	}
	i := e.rnd.IntN(len(own))
	sql := "SELECT " + strings.Join(list, ", ") + " FROM " + from + " WHERE " + e.selective(own[i:i+1])
	switch e.rnd.IntN(5) {
	case 0:
		sql += e.pick(" AND ", " OR ", " AND NOT ") + e.partner(own)
	case 1, 2:
		sql += " AND " + e.partner(own[i:i+1])
	case 3:
		sql += " AND " + e.comparison(own, own)
	}
	return sql
}

// selective is a condition that upstream decides and few rows fulfil.
func (e *enough) selective(of []inSight) string {
	s := of[e.rnd.IntN(len(of))]
	switch i := e.rnd.IntN(min(3, len(s.columns))); i {
	case 0:
		return s.alias + ".id" + e.pick(" < 5", " IN (2, 4, 6)", " > 6", " = 3")
	case 1:
		return s.alias + "." + s.columns[i] + e.pick(" = 'a'", " IN ('b', 'c')", " IS NOT NULL", " <> 'c'")
	default:
		return s.alias + "." + s.columns[i] + e.pick(" = 1", " IN (2, 3)", " IS NOT NULL", " <> 0")
	}
}

// partner is a subquery over a table that is compared with one outside.
func (e *enough) partner(outer []inSight) string {
	from, own := e.source(1)
	o, i := outer[e.rnd.IntN(len(outer))], own[0]
	n := e.rnd.IntN(min(len(o.columns), len(i.columns), 3))
	x, y := o.alias+"."+o.columns[n], i.alias+"."+i.columns[n]
	where := e.pick("1", e.selective(own), e.selective(own), e.condition(own, append(own, outer...), 0, 1))
	if e.rnd.IntN(2) == 0 {
		y = e.pick(y, y, y, y, y, "DISTINCT "+y, "MAX("+y+")", i.columns[n], o.alias+"."+o.columns[n])
		return x + e.pick(" IN ", " NOT IN ") + "(SELECT " + y + " FROM " + from + " WHERE " + where + ")"
	}
	return e.pick("", "NOT ") + "EXISTS (SELECT " + e.pick("1", "*", "COUNT(*)", "MAX("+y+")") + " FROM " + from + " WHERE " +
		e.pick(x+" = "+y, y+" = "+x, x+" <=> "+y) + " AND " + where + e.pick("", "", "", " GROUP BY 1", " LIMIT 1") + ")"
}
