package plan

import (
	"slices"

	"github.com/tdeproxy/tdeproxy/tde/schema"
)

// skimView looks into a view's query that the parser cannot read, as its tokens show it; nil where they do not show enough, or p is what
// must be answered or looked up first.
func (b *block) skimView(within int) (s *skim, p Plan) {
	s = &skim{block: b, within: within}
	if !s.query() {
		return nil, nil
	}
	s.walk()
	if s.unsafe != "" || s.lock != "" || len(s.edits)+len(s.uses.UserIn)+len(s.uses.UserOut) > 0 {
		return nil, nil
	}
	if !s.reads {
		s.mentions = nil
	}
	var need []NeedTable
	for _, m := range s.mentions {
		t := b.env.Snapshot.Lookup(m.db, m.name)
		if t == nil {
			t = b.env.Snapshot.Plain(m.db, m.name)
		}
		switch {
		case t != nil && t.Locked != "":
			return nil, refuse("locked", "encrypted table %s cannot be opened: %s", tableName(t), t.Locked)
		case t != nil && t.IsView():
			if p := s.opens(t); p != nil {
				return nil, p
			}
		case t != nil && t.Temporary:
			return nil, refuseMySQL("view", 1352, "HY000", "View's SELECT refers to a temporary table '"+t.Name+"'")
		case t != nil:
			s.viewed = append(s.viewed, t)
		case !b.env.absent(m.db, m.name):
			need = append(need, NeedTable{DB: m.db, Name: m.name, Definition: true})
		case m.table && !s.hides(m):
			s.missing = true // the server says so, or what else is wrong
		}
	}
	if len(need) > 0 {
		return nil, &NeedTables{Tables: need}
	}
	s.viewed = unique(s.viewed)
	return s, nil
}

func unique(tables []*schema.Table) (out []*schema.Table) {
	for _, t := range tables {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// opens looks into a view that a statement could name.
func (s *skim) opens(v *schema.Table) Plan {
	in, err := openView(s.env, v, s.within)
	if err != nil {
		return asPlan(err, "this view could not be planned")
	}
	for _, u := range append(in.viewUses(), in.use) {
		if !slices.ContainsFunc(s.views, func(have ViewUse) bool { return have.View == u.View }) {
			s.views = append(s.views, u)
		}
	}
	s.viewed = append(s.viewed, in.tables()...)
	return nil
}

// unreadView is a view of whose query the parser reads nothing: it reads all columns of whatever it could name.
func unreadView(b *block, t *tree, v *schema.Table, literals []Literal) (*readView, error) {
	s, p := b.skimView(t.within)
	switch p := p.(type) {
	case nil:
	case *Refuse:
		return nil, p
	case *NeedTable:
		return nil, &definitionNeeded{*p}
	case *NeedTables:
		return nil, &definitionNeeded{p.Tables[0]}
	default:
		return nil, refuseView(v)
	}
	switch {
	case s == nil:
		return nil, refuseView(v)
	case s.missing:
		return nil, invalidView(v)
	}
	s.qualify()
	parts := s.parts(0, len(s.text))
	for i := range parts {
		parts[i] = spelt(parts[i], v.Defined.Query, literals)
	}
	t.uses, t.unread, t.unreadViews = s.uses, s.viewed, s.views
	return &readView{tree: t, use: ViewUse{View: v, Query: parts}}, nil
}
