package plan

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Procedure is a stored procedure whose statements the proxy runs one after the other: each reads or writes rows, and there is nothing else.
// Its values are those of its parameters, which are all IN.
type Procedure struct {
	DB, Name string
	// Verb is CREATE or CREATE OR REPLACE, Whose the clause DEFINER, Guard IF NOT EXISTS; each may be empty, or ends in a space.
	Verb, Whose, Guard string
	// Head is what stands between the name and the body: parameters and characteristics. Upstream has it as it is.
	Head   string
	Params []Param
	// Body is as it was written.
	Body  string
	Steps []ProcedureStep
}

// Param is a parameter.
type Param struct {
	Name string // in lower case
	Type ParamType
	// Length is the number of characters of a VARCHAR, or of digits of a DECIMAL, of which Scale stand behind the point.
	Length, Scale int
	Bytes         int  // the most of a TEXT
	Fixed         bool // CHAR, which has no spaces at its end
	Bits          int  // of an integer
	Unsigned      bool
}

// ParamType is a kind of types.
type ParamType uint8

// Kinds of types.
const (
	ParamInteger ParamType = iota
	ParamDecimal
	ParamText
)

// ProcedureStep is a statement of a procedure: Texts with the parameters of those numbers between them.
type ProcedureStep struct {
	Texts  []string
	Params []int
	Query  bool // it answers with rows
	Passes bool // it begins or ends a transaction: upstream does so
	Line   int  // of the body in which it ends, from 0
}

// CreateProcedure makes a procedure whose body upstream has sealed.
type CreateProcedure struct{ *Procedure }

// CallProcedure calls one. Args are its arguments, as they are written.
type CallProcedure struct {
	Routine
	Args []string
}

func (*CreateProcedure) plan() {}
func (*CallProcedure) plan()   {}

// String implements Plan.
func (p *CreateProcedure) String() string {
	return "CreateProcedure " + quote(p.DB) + "." + quote(p.Name) + "\n  upstream: " + p.Head
}

// String implements Plan.
func (p *CallProcedure) String() string { return "CallProcedure " + quote(p.DB) + "." + quote(p.Name) }

// ReadProcedure reads a CREATE PROCEDURE; why is the reason for which the proxy cannot run it.
func ReadProcedure(source, db string, mode Mode) (_ *Procedure, why string) {
	r := &procedureReader{source: source, p: &Procedure{DB: db}}
	if !r.program.parts(source, mode, func(first bool) bool { return r.part(first) }) {
		if r.why == "" {
			r.why = "its text could not be read; write it more plainly"
		}
		return nil, r.why
	}
	if r.compound && !r.ended || len(r.p.Steps) == 0 {
		return nil, "it is not BEGIN … END with statements in it"
	}
	return r.p, ""
}

// procedureReader looks at the parts of a procedure.
type procedureReader struct {
	program
	source          string
	p               *Procedure
	body            int // where it begins
	compound, ended bool
	why             string
}

func (r *procedureReader) not(why string) bool {
	r.why = why
	return false
}

// part reads what stands between two semicolons.
func (r *procedureReader) part(first bool) bool {
	from := 0
	switch {
	case r.ended:
		return len(r.tokens) == 0 || r.not("something follows its END")
	case first:
		var ok bool
		if from, ok = r.head(); !ok {
			return false
		}
		if r.compound = r.upper(from) == "BEGIN"; r.compound {
			from++
		}
	case !r.compound:
		return len(r.tokens) == 0
	}
	if r.compound && r.upper(from) == "END" && from+1 == len(r.tokens) {
		r.ended = true
		return true
	}
	return r.step(from)
}

// head reads the first part up to its body, and says where that begins.
func (r *procedureReader) head() (body int, ok bool) {
	h := &head{text: r.text, tokens: r.tokens}
	i := 1
	if r.p.Verb = "CREATE "; h.word(1) == "OR" && h.word(2) == "REPLACE" {
		r.p.Verb, i = "CREATE OR REPLACE ", 3
	}
	whose := i
	for i < len(h.tokens) && i < whose+8 && h.word(i) != "PROCEDURE" {
		i++
	}
	if h.word(0) != "CREATE" || h.word(i) != "PROCEDURE" || h.tokens[i].Kind != TokWord || i > whose && (h.word(whose) != "DEFINER" || !h.definer(whose+1, i)) {
		return 0, r.not("its head could not be read; write it more plainly")
	}
	r.p.Whose = h.text[h.tokens[whose].Start:h.tokens[i].Start]
	i++
	if h.word(i) == "IF" && h.word(i+1) == "NOT" && h.word(i+2) == "EXISTS" {
		r.p.Guard, i = "IF NOT EXISTS ", i+3
	}
	if r.p.DB, r.p.Name, i, ok = h.name(i, r.p.DB); !ok || r.p.DB == "" || h.word(i) != "(" {
		return 0, r.not("its name could not be read")
	}
	start := i
	if i, ok = r.params(i + 1); !ok {
		return 0, false
	}
	if i, ok = r.characteristics(i); !ok {
		return 0, false
	}
	at := r.tokens[i].Start
	if !strings.HasPrefix(r.source, r.text[:at]) {
		return 0, r.not("there is a comment in front of its body")
	}
	r.p.Head = r.text[r.tokens[start].Start:at]
	r.body = at
	r.p.Body = strings.TrimRight(r.source[at:], "; \t\r\n")
	if !isASCII(r.text[:at]) {
		return 0, r.not("there are characters beyond ASCII in front of its body")
	}
	return i, true
}

// definer says whether tokens [i, to) are = and a user.
func (h *head) definer(i, to int) bool {
	return h.word(i) == "=" && i+1 < to
}

// params reads parameters up to the bracket that ends them.
func (r *procedureReader) params(i int) (next int, ok bool) {
	if r.stands(i, ")") {
		return i + 1, true
	}
	for {
		switch r.upper(i) {
		case "IN":
			i++
		case "OUT", "INOUT":
			if i+1 < len(r.tokens) && r.tokens[i+1].Kind <= TokQuoted {
				return 0, r.not("it has a parameter that is OUT or INOUT")
			}
		}
		if i >= len(r.tokens) || r.tokens[i].Kind > TokQuoted {
			return 0, r.not("its parameters could not be read")
		}
		p := Param{Name: strings.ToLower(r.ident(i))}
		if slices.ContainsFunc(r.p.Params, func(o Param) bool { return o.Name == p.Name }) || !isASCII(p.Name) || r.upper(i) == "IN" {
			return 0, r.not("its parameters could not be read")
		}
		if i, ok = r.paramType(&p, i+1); !ok {
			return 0, r.not("the type of a parameter is not an integer, DECIMAL(n, m), VARCHAR(n), CHAR(n) or TEXT")
		}
		r.p.Params = append(r.p.Params, p)
		if r.stands(i, ")") {
			return i + 1, true
		}
		i++
	}
}

var integerBits = map[string]int{"BOOL": 8, "BOOLEAN": 8, "TINYINT": 8, "SMALLINT": 16, "MEDIUMINT": 24, "INT": 32, "INTEGER": 32, "BIGINT": 64}

// textBytes are the most bytes of texts; longer ones than a packet come from nowhere.
var textBytes = map[string]int{"TINYTEXT": 1<<8 - 1, "TEXT": 1<<16 - 1, "MEDIUMTEXT": 1<<24 - 1, "LONGTEXT": 1<<31 - 1}

// paramType reads a type; a comma or bracket follows it.
func (r *procedureReader) paramType(p *Param, i int) (next int, ok bool) {
	word := r.upper(i)
	i++
	numbers, next := r.numbers(i)
	i = next
	switch {
	case integerBits[word] > 0 && len(numbers) <= 1:
		p.Type, p.Bits = ParamInteger, integerBits[word]
		if r.upper(i) == "UNSIGNED" {
			p.Unsigned = true
			i++
		}
	case (word == "DECIMAL" || word == "NUMERIC") && len(numbers) == 2:
		p.Type, p.Length, p.Scale = ParamDecimal, numbers[0], numbers[1]
		if p.Length > 65 || p.Scale > 30 || p.Scale > p.Length || p.Length == 0 {
			return 0, false
		}
	case word == "VARCHAR" && len(numbers) == 1 && numbers[0] > 0 && numbers[0] <= 16000:
		p.Type, p.Length = ParamText, numbers[0]
	case word == "CHAR" && len(numbers) <= 1:
		p.Type, p.Length, p.Fixed = ParamText, 1, true
		if len(numbers) == 1 {
			p.Length = numbers[0]
		}
	case textBytes[word] > 0 && len(numbers) == 0:
		p.Type, p.Bytes = ParamText, textBytes[word]
	default:
		return 0, false
	}
	return i, r.stands(i, ",") || r.stands(i, ")")
}

// numbers reads numbers in brackets.
func (r *procedureReader) numbers(i int) (out []int, next int) {
	if !r.stands(i, "(") {
		return nil, i
	}
	for i++; i < len(r.tokens); i++ {
		n, text := 0, r.text[r.tokens[i].Start:r.tokens[i].End]
		if len(text) > 5 {
			return []int{0, 0, 0}, i
		}
		for _, c := range []byte(text) {
			if c < '0' || c > '9' {
				return []int{0, 0, 0}, i
			}
			n = 10*n + int(c-'0')
		}
		out = append(out, n)
		if i++; !r.stands(i, ",") {
			break
		}
	}
	if !r.stands(i, ")") {
		return []int{0, 0, 0}, i
	}
	return out, i + 1
}

// characteristics reads what stands between the parameters and the body.
func (r *procedureReader) characteristics(i int) (next int, ok bool) {
	for i < len(r.tokens) {
		switch words := r.upper(i) + " " + r.upper(i+1); {
		case r.upper(i) == "DETERMINISTIC":
			i++
		case words == "LANGUAGE SQL", words == "NOT DETERMINISTIC", words == "CONTAINS SQL", words == "NO SQL":
			i += 2
		case words == "READS SQL", words == "MODIFIES SQL", words == "SQL SECURITY":
			i += 3
		case r.upper(i) == "COMMENT":
			return 0, r.not("it has a COMMENT, which upstream would see")
		default:
			return i, true
		}
	}
	return 0, r.not("it has no body")
}

// refusedInSteps are words of what upstream's session or another statement would have to know.
var refusedInSteps = []string{"INTO", "ROW_COUNT", "FOUND_ROWS", "PROCEDURE", "HANDLER", "OUTFILE", "DUMPFILE", "RETURNING", "SQL_CALC_FOUND_ROWS", "LOAD_FILE", "BENCHMARK"}

// step reads a statement, whose first token is that.
func (r *procedureReader) step(from int) bool {
	if from >= len(r.tokens) {
		return r.not("it has an empty statement")
	}
	verb := r.upper(from)
	if n := len(r.tokens) - from; n == 1 && (verb == "COMMIT" || verb == "ROLLBACK") || n == 2 && verb == "START" && r.upper(from+1) == "TRANSACTION" {
		text := map[string]string{"START": "START TRANSACTION"}[verb]
		r.p.Steps = append(r.p.Steps, ProcedureStep{Texts: []string{cmp.Or(text, verb)}, Passes: true, Line: r.line()})
		return true
	}
	switch verb {
	case "INSERT", "REPLACE", "UPDATE", "DELETE", "SELECT":
	default:
		return r.not("it has more than INSERT, REPLACE, UPDATE, DELETE, SELECT, START TRANSACTION, COMMIT and ROLLBACK, one after the other")
	}
	s := ProcedureStep{Query: verb == "SELECT", Line: r.line()}
	w := &stepReader{procedureReader: r, verb: verb}
	last := r.tokens[from].Start
	for i := from; i < len(r.tokens); i++ {
		t := r.tokens[i]
		word := r.upper(i)
		if t.Kind == TokVar || r.text[t.Start:t.End] == "?" || t.Kind == TokWord && slices.Contains(refusedInSteps, word) && !(word == "INTO" && i == w.intoAt(from)) {
			return r.not("a statement of it has a variable, INTO, RETURNING, ROW_COUNT(), FOUND_ROWS() or another that depends on the session")
		}
		n, ok := w.token(i, from)
		if !ok {
			return r.not("the name of a parameter stands where it could mean something else; name the parameter otherwise")
		}
		if n >= 0 {
			s.Texts, s.Params, last = append(s.Texts, r.text[last:t.Start]), append(s.Params, n), t.End
		}
	}
	s.Texts = append(s.Texts, r.text[last:r.tokens[len(r.tokens)-1].End])
	if verb == "SELECT" && slices.ContainsFunc(r.tokens[from:], func(t Token) bool { return r.text[t.Start:t.End] == ":" }) {
		return r.not("a statement of it has an assignment")
	}
	r.p.Steps = append(r.p.Steps, s)
	return true
}

// line is the line of the body in which the part ends.
func (r *procedureReader) line() int {
	return strings.Count(strings.TrimRight(r.source[r.body:r.end], " \t\r\n"), "\n")
}

// stepReader tells parameters in a statement from what else has their names.
type stepReader struct {
	*procedureReader
	verb    string
	clause  string
	outer   []string // the clauses around open brackets
	heads   []string // the words in front of these
	columns bool     // the list of an INSERT's columns is open
	updates bool     // ON DUPLICATE KEY UPDATE has begun, in which VALUES is a function
}

// intoAt is the token of INSERT … INTO, or -1.
func (w *stepReader) intoAt(from int) int {
	for i := from + 1; i < from+5 && (w.verb == "INSERT" || w.verb == "REPLACE"); i++ {
		switch w.upper(i) {
		case "INTO":
			return i
		case "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE":
		default:
			return -1
		}
	}
	return -1
}

// clauses are words that begin a part of a statement, in which names mean something else than in the one before.
var clauses = []string{"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "SET", "VALUES", "VALUE", "ON", "USING", "INTO", "WINDOW", "FOR", "PARTITION", "OVER", "WITH", "UNION", "MATCH", "COLLATE"}

// operators are words behind which an operand stands.
var operators = []string{"WHERE", "AND", "OR", "NOT", "XOR", "BETWEEN", "LIKE", "RLIKE", "REGEXP", "WHEN", "THEN", "ELSE", "DIV", "MOD"}

// keywordHeads are functions whose arguments in brackets are not all operands.
var keywordHeads = []string{"EXTRACT", "TIMESTAMPDIFF", "TIMESTAMPADD", "TRIM", "GET_FORMAT", "CONVERT", "CAST", "DEFAULT", "MATCH", "WEIGHT_STRING", "CHAR", "GROUP_CONCAT", "OVER", "JSON_TABLE", "INDEX", "KEY", "PARTITION", "USING"}

// token looks at one; n is the parameter that it is, or -1. It is not ok where that cannot be told.
func (w *stepReader) token(i, from int) (n int, ok bool) {
	switch word := w.upper(i); {
	case w.stands(i, "("):
		w.outer, w.heads = append(w.outer, w.clause), append(w.heads, w.upper(i-1))
		w.columns = w.columns || w.clause == "INTO" && len(w.outer) == 1
	case w.stands(i, ")"):
		if len(w.outer) > 0 {
			last := len(w.outer) - 1
			w.clause, w.outer, w.heads = w.outer[last], w.outer[:last], w.heads[:last]
		}
		w.columns = w.columns && len(w.outer) > 0
	case w.tokens[i].Kind == TokWord && (i == from && w.verb != "SELECT" || slices.Contains(clauses, word)) && !w.stands(i-1, "."):
		if i == from && word != "SELECT" {
			word = map[string]string{"INSERT": "INTO", "REPLACE": "INTO"}[word]
		}
		w.clause = word
		w.updates = w.updates || word == "ON" && (w.verb == "INSERT" || w.verb == "REPLACE")
		return -1, w.named(i) < 0
	}
	if n = w.named(i); n < 0 || w.stands(i-1, ".") || w.stands(i+1, ".") {
		return -1, true
	}
	switch {
	case w.updates:
		return -1, false
	case w.columns && w.clause == "INTO":
		return -1, (w.stands(i-1, "(") || w.stands(i-1, ",")) && (w.stands(i+1, ")") || w.stands(i+1, ","))
	case w.clause == "SET" && len(w.outer) == 0 && (w.upper(i-1) == "SET" || w.stands(i-1, ",")):
		return -1, w.stands(i+1, "=")
	case w.clause != "WHERE" && w.clause != "VALUES" && w.clause != "VALUE" && w.clause != "SET":
		return -1, false
	case len(w.heads) > 0 && slices.ContainsFunc(w.heads, func(h string) bool { return slices.Contains(keywordHeads, h) }):
		return -1, false
	}
	return n, w.operand(i) && (!w.p.Params[n].Unsigned || w.bare(i))
}

// bare says whether nothing is computed with token i: an unsigned number would make more than the literal unsigned that stands for it.
func (w *stepReader) bare(i int) bool {
	computes := func(i int) bool {
		if i >= len(w.tokens) {
			return false
		}
		text := strings.ToUpper(w.text[w.tokens[i].Start:w.tokens[i].End])
		return strings.Contains("+-*/%", text) || text == "DIV" || text == "MOD"
	}
	if computes(i-1) || computes(i+1) {
		return false
	}
	if len(w.heads) == 0 {
		return true
	}
	head := w.heads[len(w.heads)-1]
	return head == "IN" || head == "VALUES" || head == "VALUE" || head == "EXISTS" || head == "" && w.clause == "VALUES" && len(w.heads) == 1
}

// operand says whether token i stands where an operand does, and nothing goes with it.
func (w *stepReader) operand(i int) bool {
	before := w.tokens[i-1]
	text := w.text[before.Start:before.End]
	if before.Kind == TokPunct && !strings.ContainsAny(text, "(,=<>!+-*/%") || before.Kind != TokPunct && !slices.Contains(operators, w.upper(i-1)) {
		return false
	}
	if i+1 == len(w.tokens) {
		return true
	}
	after := w.tokens[i+1]
	text = w.text[after.Start:after.End]
	if after.Kind == TokPunct {
		return strings.ContainsAny(text, "),=<>!+-*/%")
	}
	return after.Kind == TokWord && slices.Contains([]string{"AND", "OR", "XOR", "BETWEEN", "LIKE", "IN", "IS", "NOT", "WHERE", "ORDER", "GROUP", "LIMIT", "THEN", "ELSE", "END", "WHEN", "FOR"}, w.upper(i+1))
}

// named is the parameter whose name token i is, or -1.
func (w *stepReader) named(i int) int {
	if w.tokens[i].Kind > TokQuoted {
		return -1
	}
	name := strings.ToLower(w.ident(i))
	return slices.IndexFunc(w.p.Params, func(p Param) bool { return p.Name == name })
}

// showProcedure plans SHOW CREATE PROCEDURE, which upstream shows as it has the procedure.
func (h *head) showProcedure(env *Env) Plan {
	if h.word(1) != "CREATE" || h.word(2) != "PROCEDURE" || env.Snapshot.Len() == 0 && env.Rules.Empty() {
		return nil
	}
	db, name, end, ok := h.name(3, env.DB)
	if !ok || end != len(h.tokens) {
		return nil
	}
	return &Rewrite{Verb: "SHOW", Head: []Part{{Text: h.text}}, Star: true, ProcedureOf: &Routine{DB: db, Name: name}}
}

// callHead is how a CALL begins.
var callHead = regexp.MustCompile(`(?i)^\s*call\s`)

// Called is the procedure of a CALL.
func Called(source []byte, mode Mode, db string) (r Routine, ok bool) {
	lx := Lexer{Record: true, Keep: true}
	if !callHead.Match(source) || lx.Lex(source, mode) != nil {
		return r, false
	}
	h := &head{text: string(lx.Template), tokens: lx.Tokens}
	r.DB, r.Name, _, ok = h.name(1, db)
	return r, ok
}

// CallArguments are the arguments of a CALL as they are written; not ok where they cannot be read.
func CallArguments(source []byte, mode Mode) (args []string, ok bool) {
	lx := Lexer{Record: true, Keep: true}
	if lx.Lex(source, mode) != nil || lx.More || !callHead.Match(source) {
		return nil, false
	}
	b := block{text: string(lx.Template), tokens: lx.Tokens}
	h := &head{text: b.text, tokens: b.tokens}
	_, _, i, ok := h.name(1, "")
	switch {
	case !ok:
		return nil, false
	case i == len(b.tokens):
		return nil, true
	case !b.stands(i, "(") || b.closing(i) != len(b.tokens)-1:
		return nil, false
	case i+2 == len(b.tokens):
		return nil, true
	}
	for _, r := range b.split(i+1, len(b.tokens)-1) {
		if r[0] >= r[1] {
			return nil, false
		}
		args = append(args, b.text[b.tokens[r[0]].Start:b.tokens[r[1]-1].End])
	}
	return args, true
}
