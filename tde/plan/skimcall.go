package plan

import (
	"slices"
	"strings"
)

// Words, each between spaces, in lower case.
const (
	// reservedWords name nothing where they are not quoted: both servers reserve them.
	reservedWords = " select from where and or not as on join left right inner cross natural straight_join group order by having limit union" +
		" all distinct in is null like between case when then else exists using asc desc into for update lock regexp rlike div xor collate" +
		" dual binary interval true false with procedure force ignore use index key convert values unsigned char match against"
	// bracketWords stand before a bracket and call nothing.
	bracketWords = reservedWords + " any some over row rows offset partition table lateral columns path nested analyse rollup separator value" +
		" varchar decimal numeric int integer bigint smallint tinyint mediumint float double real dec nchar varbinary signed text blob" +
		" datetime day_second enum set bit only within intersect except minus end escape ordinality fixed "
	// aggregateFunctions and what the grammar has as functions of their own.
	aggregateFunctions = " count sum min max avg std stddev stddev_pop stddev_samp var_pop var_samp variance bit_and bit_or bit_xor group_concat" +
		" json_arrayagg json_objectagg row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value nth_value" +
		" percentile_cont percentile_disc median json_table cast default if st_collect last_value rownum "
)

// called notes the call of a function whose name of n parts begins at token i.
func (s *skim) called(i, n int) {
	name := strings.ToLower(s.ident(i))
	end := i + 2*(n-1) + 1 // the bracket
	quoted := s.tokens[i].Kind == TokQuoted
	switch {
	case n > 1:
		s.unsafe = "a function that is named with its database"
	case s.declares(i):
		s.ctes = append(s.ctes, s.ident(i))
	case !quoted && (name == "match" || name == "against"):
		s.unsafe = "MATCH … AGAINST"
	case among(lockedFunctions, name):
		s.unsafe = "function " + strings.ToUpper(name)
	case among(askedFunctions, name):
		if !s.stands(end+1, ")") {
			s.unsafe = strings.ToUpper(name) + " with an argument"
			return
		}
		s.asked(i, end+1)
	case among(timeFunctions, name):
		s.uses.Now = true
	case name == zoneFunction:
		s.uses.Zones = true
	case !quoted && among(bracketWords, name), pure(name), among(unsteadyFunctions, name), among(aggregateFunctions, name):
	default:
		r := Routine{DB: s.env.DB, Name: s.ident(i)}
		if s.env.DB == "" {
			s.unsafe = "function " + quote(r.Name)
		} else if !slices.Contains(s.uses.Functions, r) {
			s.uses.Functions = append(s.uses.Functions, r)
		}
	}
}

// declares says whether the name at token i, a bracket behind it, is that of a common table expression with columns.
func (s *skim) declares(i int) bool {
	end := s.closing(i + 1)
	return s.stands(end+1, "AS") && s.stands(end+2, "(") && (s.stands(i-1, ",") || s.stands(i-1, "WITH") || s.stands(i-1, "RECURSIVE"))
}

// bare notes what a word that stands alone could be beside a name.
func (s *skim) bare(i int) {
	name := strings.ToLower(s.ident(i))
	switch {
	case s.stands(i+1, "AS") && s.stands(i+2, "("):
		s.ctes = append(s.ctes, s.ident(i))
	case name == "current_user", name == "current_role" && s.env.Mode.MariaDB:
		s.asked(i, i)
	case among(timeFunctions, name):
		s.uses.Now = true
	}
}

// variable notes the variable at token i.
func (s *skim) variable(i int) {
	t := s.tokens[i]
	name := VarName([]byte(s.text[t.Start:t.End]))
	switch {
	case strings.HasPrefix(s.text[t.Start:t.End], "@@"):
		s.asked(i, i)
	case s.stands(i+1, ":") && s.stands(i+2, "="):
		s.assigns(name)
	case !slices.Contains(s.uses.UserIn, name):
		s.uses.UserIn = append(s.uses.UserIn, name)
	}
}

func (s *skim) assigns(name string) {
	if !slices.Contains(s.uses.UserOut, name) {
		s.uses.UserOut = append(s.uses.UserOut, name)
	}
}

// asked makes tokens [from, to] something that upstream's session is asked. It becomes a literal, which would be a position
// where the query groups or orders by it.
func (s *skim) asked(from, to int) {
	if evaluated(s.text[s.tokens[from].Start:s.tokens[to].End]) {
		return
	}
	if s.stands(from-1, "BY") || s.by && s.stands(from-1, ",") {
		s.unsafe = "grouping or ordering by what the session knows"
	}
	start, end := s.tokens[from].Start, s.tokens[to].End
	s.edits = append(s.edits, edit{start, end, []Part{{Kind: PartSession, Text: s.text[start:end]}}})
}

// newSkim is one of a text alone, of which nothing is looked up.
func newSkim(text string, tokens []Token, mode Mode) *skim {
	return &skim{block: newBlock(&Env{Mode: mode}, text, tokens)}
}
