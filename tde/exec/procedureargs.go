package exec

import (
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
	"github.com/tdeproxy/tdeproxy/tde/value"
)

// errArgument refuses an argument that the server would change, warn of or refuse.
func errArgument(p *plan.Param) error {
	return notSupported("an argument of this CALL of a procedure over encrypted tables is not a value of the type of parameter %s as it is", p.Name)
}

// Numbers as servers read them in texts, with nothing to warn of.
var (
	wholeNumber   = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,19})$`)
	decimalNumber = regexp.MustCompile(`^(-?)0*([0-9]*)(?:\.([0-9]+))?$`)
)

// convertArgument gives a value the type of a parameter, where that changes nothing.
func convertArgument(p *plan.Param, v *userVar, collation string) (*userVar, error) {
	text := ""
	switch {
	case v.null:
	case v.collation == "binary" || v.kind == wire.TypeFloat || v.kind == wire.TypeDouble:
		return nil, errArgument(p)
	case v.collation != "":
		of, _, _ := strings.Cut(v.collation, "_")
		utf8, err := value.Transcode(nil, v.bytes, of, "utf8mb4")
		if err != nil {
			return nil, errArgument(p)
		}
		text = string(utf8)
	default:
		text = v.literal
	}
	switch p.Type {
	case plan.ParamText:
		return convertText(p, text, v.null, collation)
	case plan.ParamDecimal:
		return convertDecimal(p, text, v.null)
	}
	return convertInteger(p, text, v.null)
}

func convertText(p *plan.Param, text string, null bool, collation string) (*userVar, error) {
	charset, _, _ := strings.Cut(collation, "_")
	if p.Fixed {
		text = strings.TrimRight(text, " ")
	}
	raw, err := value.Transcode(nil, []byte(text), "utf8mb4", charset)
	long := utf8.RuneCountInString(text) > p.Length
	if p.Bytes > 0 {
		long = len(raw) > p.Bytes
	}
	if err != nil || long || charset == "binary" || wide(charset) {
		return nil, errArgument(p)
	}
	if null {
		return textVar(nil, collation), nil
	}
	return textVar(append([]byte{}, raw...), collation), nil
}

func convertInteger(p *plan.Param, text string, null bool) (*userVar, error) {
	if null {
		return &userVar{null: true, literal: "NULL", set: "CAST(NULL AS SIGNED)", kind: wire.TypeLongLong, unsigned: p.Unsigned}, nil
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !wholeNumber.MatchString(text) || !ok {
		return nil, errArgument(p)
	}
	bits := p.Bits
	if !p.Unsigned {
		bits--
	}
	end := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	least := new(big.Int)
	if !p.Unsigned {
		least.Neg(end)
	}
	if n.Cmp(end) >= 0 || n.Cmp(least) < 0 {
		return nil, errArgument(p)
	}
	return integerVar(text, p.Unsigned), nil
}

func convertDecimal(p *plan.Param, text string, null bool) (*userVar, error) {
	if null {
		return &userVar{null: true, literal: "NULL", set: "NULLIF(0.0, 0.0)", kind: wire.TypeNewDecimal}, nil
	}
	m := decimalNumber.FindStringSubmatch(text)
	if m == nil || m[2] == "" && m[3] == "" && !strings.HasSuffix(text, "0") || len(m[2]) > p.Length-p.Scale || len(m[3]) > p.Scale {
		return nil, errArgument(p)
	}
	whole, part := m[2], m[3]+strings.Repeat("0", p.Scale-len(m[3]))
	if whole == "" {
		whole = "0"
	}
	out := whole
	if part != "" {
		out += "." + part
	}
	if m[1] != "" && strings.Trim(out, "0.") != "" {
		out = "-" + out
	}
	return decimalVar(out), nil
}
