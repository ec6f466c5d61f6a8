package plan

// maintains says whether a statement looks after tables as they are stored, and has nothing but names in it: CHECK, REPAIR, OPTIMIZE,
// ANALYZE and FLUSH TABLE, CACHE INDEX, and LOAD INDEX INTO CACHE. What they say of an encrypted table they say of its plain
// like.
func (h *head) maintains() bool {
	i := 1
	switch h.word(0) {
	case "CHECK", "REPAIR", "OPTIMIZE", "ANALYZE", "FLUSH":
		if h.word(i) == "LOCAL" || h.word(i) == "NO_WRITE_TO_BINLOG" {
			i++
		}
		if h.word(i) != "TABLE" && h.word(i) != "TABLES" {
			return false
		}
	case "LOAD", "CACHE":
		if h.word(i) != "INDEX" {
			return false
		}
	default:
		return false
	}
	for i++; i < len(h.tokens); i++ {
		if k := h.tokens[i].Kind; k != TokWord && k != TokQuoted && k != TokPunct || h.word(i) == "HISTOGRAM" {
			return false
		}
	}
	return true
}

// maintain forwards a statement for which maintains holds: without its comments, which could hold anything, where it names an encrypted table.
func (h *head) maintain(st Statement, env *Env) Plan {
	if h.text == st.Source || !mentions(st.Source, env) {
		return &PassThrough{}
	}
	return &Rewrite{Verb: "SHOW", Head: []Part{{Text: h.text}}, Star: true}
}
