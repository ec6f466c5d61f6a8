package plan

import (
	"slices"
	"strings"
)

// StoredFunction is what is to be known of a stored function before the evaluator may run it: it touches no table and knows nothing of the
// session but what a statement of the evaluator knows, too.
type StoredFunction struct {
	// Text is its definition from the name on, in the words of SHOW CREATE FUNCTION.
	Text string
	// Plain says that it has no parameters.
	Plain bool
	// Calls are the functions that it calls and that are none of the server's own. They have no database: it is the function's.
	Calls []Routine
	// Now and Zones are as Uses has them.
	Now, Zones bool
	// Unsteady says that two calls may give two values, as of RAND().
	Unsteady bool
}

// words of stored programs that stand before a bracket and call nothing.
const programWords = " return returns while until elseif then do loop repeat if begin end set declare handler condition cursor open close leave" +
	" iterate deterministic char binary varbinary bit year time timestamp datetime json uuid inet4 inet6 default case else when signal value" +
	" enum set tinytext mediumtext longtext tinyblob mediumblob longblob function character national long "

// ReadFunction reads what SHOW CREATE FUNCTION says of one; why is the reason for which the evaluator cannot run it.
// mode is that of the function's own sql_mode.
func ReadFunction(create string, mode Mode) (f *StoredFunction, why string) {
	text, why := functionText(create, mode)
	if why != "" {
		return nil, why
	}
	r := &functionReader{f: &StoredFunction{Text: text}, named: map[string]bool{}}
	if !r.parts("CREATE FUNCTION "+text, mode, func(first bool) bool { return r.declares(first) }) {
		return nil, "its definition could not be read"
	}
	if !r.parts("CREATE FUNCTION "+text, mode, func(first bool) bool { return r.part(first) }) {
		if r.why == "" {
			r.why = "it reads or writes tables, runs SQL that it computes, or changes the session"
		}
		return nil, r.why
	}
	if len(r.program.calls) > 0 {
		return nil, "it calls a procedure"
	}
	return r.f, ""
}

// functionText cuts off what stands in front of the name: CREATE and whose the function is.
func functionText(create string, mode Mode) (text, why string) {
	lx := Lexer{Record: true, Keep: true}
	if err := lx.Lex([]byte(create), mode); err != nil {
		return "", "its definition could not be read"
	}
	b := block{text: string(lx.Template), tokens: lx.Tokens}
	for i, t := range b.tokens {
		if t.Kind != TokWord {
			continue
		}
		switch strings.ToUpper(b.text[t.Start:t.End]) {
		case "AGGREGATE":
			return "", "it is an aggregate function"
		case "FUNCTION":
			// The lexer leaves comments out of its text: the name is found in the text that came.
			if i+1 < len(b.tokens) && strings.HasPrefix(create, b.text[:t.End]) {
				return strings.TrimSpace(create[t.End:]), ""
			}
			return "", "its definition could not be read"
		}
	}
	return "", "it is not one in SQL"
}

// functionReader looks at the parts of a stored function.
type functionReader struct {
	program
	f     *StoredFunction
	named map[string]bool // parameters and variables, in lower case
	why   string
}

// declares notes the names that a part declares.
func (r *functionReader) declares(first bool) bool {
	if first {
		open := slices.IndexFunc(r.tokens, func(t Token) bool { return t.Kind == TokPunct && r.text[t.Start:t.End] == "(" })
		if open < 0 {
			return false
		}
		r.f.Plain = r.stands(open+1, ")")
		r.names(open + 1)
		for i, depth := open, 0; i < len(r.tokens); i++ {
			switch {
			case r.stands(i, "("):
				depth++
			case r.stands(i, ")"):
				depth--
			case r.stands(i, ",") && depth == 1:
				r.names(i + 1)
			}
			if depth == 0 {
				break
			}
		}
	}
	for i := range r.tokens {
		if w := r.upper(i); w == "DECLARE" || w == "FOR" {
			r.names(i + 1)
		}
	}
	return true
}

// names notes the names at token i and behind commas.
func (r *functionReader) names(i int) {
	for ; i < len(r.tokens) && r.tokens[i].Kind <= TokQuoted; i += 2 {
		if w := r.upper(i); w == "IN" || w == "OUT" || w == "INOUT" {
			i++
		}
		if i < len(r.tokens) {
			r.named[strings.ToLower(r.ident(i))] = true
		}
		if !r.stands(i+1, ",") {
			return
		}
	}
}

// part says whether the evaluator may run a part of the function.
func (r *functionReader) part(first bool) bool {
	if !r.tableless(first) {
		return false
	}
	for i, t := range r.tokens {
		switch {
		case t.Kind == TokVar:
			return r.not("it reads or sets variables of the session")
		case t.Kind <= TokQuoted && r.stands(i+1, "(") && !(first && r.upper(i-1) == "FUNCTION"):
			if !r.call(i) {
				return false
			}
		case t.Kind == TokWord && !r.word(i):
			return false
		}
	}
	return r.sets()
}

// not gives the reason why the evaluator cannot run the function.
func (r *functionReader) not(why string) bool {
	r.why = why
	return false
}

// word looks at a word behind which there is no bracket.
func (r *functionReader) word(i int) bool {
	switch name := strings.ToLower(r.ident(i)); {
	case name == "current_user", name == "current_role":
		return r.not("it asks who calls it")
	case among(timeFunctions, name):
		r.f.Now = true
	case name == "value" && r.stands(i+1, "FOR"):
		return r.not("it uses a sequence")
	}
	return true
}

// call looks at the call of a function whose name is token i, a bracket behind it.
func (r *functionReader) call(i int) bool {
	name, quoted := strings.ToLower(r.ident(i)), r.tokens[i].Kind == TokQuoted
	switch {
	case i > 0 && r.is(i-1, "."):
		return r.not("it calls a function that is named with its database")
	case among(lockedFunctions, name):
		return r.not("it calls " + strings.ToUpper(name))
	case among(askedFunctions, name):
		return r.not("it asks the session (" + strings.ToUpper(name) + ")")
	case name == "extractvalue", name == "updatexml": // whose XPath may name user variables
		return r.not("it calls " + strings.ToUpper(name))
	case among(timeFunctions, name):
		r.f.Now = true
		r.f.Unsteady = r.f.Unsteady || name == "sysdate"
	case name == zoneFunction:
		r.f.Zones = true
	case among(unsteadyFunctions, name):
		r.f.Unsteady = true
	case !quoted && (among(bracketWords, name) || among(programWords, name)), pure(name), among(aggregateFunctions, name):
	default:
		if c := (Routine{Name: r.ident(i)}); !slices.Contains(r.f.Calls, c) {
			r.f.Calls = append(r.f.Calls, c)
		}
	}
	return true
}

// sets says whether what SET gives a value are the function's own variables.
func (r *functionReader) sets() bool {
	for i := range r.tokens {
		if r.upper(i) != "SET" {
			continue
		}
		if r.upper(i+1) == "" && i+1 < len(r.tokens) && r.tokens[i+1].Kind > TokQuoted { // SET ('a', 'b'), a type
			continue
		}
		if r.signals(i) || r.stands(i-1, "CHARACTER") {
			continue
		}
		for j, depth := i+1, 0; j < len(r.tokens); j++ {
			switch {
			case r.stands(j, "("):
				depth++
			case r.stands(j, ")"):
				depth--
			case depth == 0 && (j == i+1 || r.stands(j-1, ",")) && !r.named[strings.ToLower(r.ident(j))]:
				return r.not("it sets variables of the session")
			}
		}
	}
	return true
}

// signals says whether the SET at token i is that of a SIGNAL or RESIGNAL.
func (r *functionReader) signals(i int) bool {
	for i--; i >= 0; i-- {
		if w := r.upper(i); w == "SIGNAL" || w == "RESIGNAL" {
			return true
		}
	}
	return false
}
