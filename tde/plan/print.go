package plan

import (
	"fmt"
	"strings"
)

// String implements Plan.
func (p *PassThrough) String() string {
	out := "PassThrough"
	if p.Effects.Session {
		out += " session"
	}
	if p.Effects.Schema {
		out += " schema"
	}
	if p.Effects.UseDB != "" {
		out += " use=" + p.Effects.UseDB
	}
	for _, c := range p.Calls {
		out += " if " + quote(c.DB) + "." + quote(c.Name) + " is harmless"
	}
	return out
}

// String implements Plan.
func (p *Rewrite) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Rewrite %s\n  upstream: %s", p.Verb, partsString(p.Head))
	if p.Row != nil {
		fmt.Fprintf(&b, "\n  per row:  %s", partsString(p.Row))
	}
	if len(p.Tail) > 0 {
		fmt.Fprintf(&b, "\n  then:     %s", partsString(p.Tail))
	}
	if p.Insert != nil && p.Insert.NeedsStrict {
		b.WriteString("\n  needs:    strict sql_mode")
	}
	if p.StatusOf != "" {
		b.WriteString("\n  shows:    the logical tables of " + quote(p.StatusOf))
		return b.String()
	}
	if p.Star {
		b.WriteString("\n  open:     as the result's columns say")
		return b.String()
	}
	var opened []string
	for i, o := range p.Outputs {
		if o.Column != nil {
			opened = append(opened, fmt.Sprintf("%d=%s", i+1, columnName(o.Table, o.Column)))
		}
	}
	if len(opened) > 0 {
		b.WriteString("\n  open:     " + strings.Join(opened, " "))
	}
	return b.String()
}

// String implements Plan.
func (p *Split) String() string {
	var b strings.Builder
	b.WriteString("Split")
	for i := range p.Lists {
		f := &p.Lists[i].Fetch
		fmt.Fprintf(&b, "\n  list %d:   %s", i+1, partsString(f.SQL))
		f.printReduction(&b)
		p.Lists[i].printGroups(&b)
	}
	for i := range p.Fetches {
		f := &p.Fetches[i]
		if f.Table.Sequence() {
			fmt.Fprintf(&b, "\n  has:      %s", tableName(f.Table))
			continue
		}
		fmt.Fprintf(&b, "\n  fetch:    %s", partsString(f.SQL))
		for _, s := range f.Stayed {
			fmt.Fprintf(&b, "\n  stays:    %s (%s)", s.Text, s.Why)
		}
		f.printReduction(&b)
	}
	for _, v := range p.Views {
		b.WriteString("\n  view:     " + tableName(v.View))
	}
	fmt.Fprintf(&b, "\n  then:     %s", partsString(p.Text))
	if g := p.Groups; g != nil {
		g.print(&b)
	}
	if p.Projection != nil {
		p.Projection.print(&b)
	}
	if p.Uses.Now {
		b.WriteString("\n  uses:     the time")
	}
	for _, v := range p.Uses.UserIn {
		b.WriteString("\n  uses:     @" + quote(v))
	}
	for _, v := range p.Uses.UserOut {
		b.WriteString("\n  assigns:  @" + quote(v))
	}
	for _, v := range p.ClearVars {
		b.WriteString("\n  in clear: @" + quote(v))
	}
	if p.Uses.Zones {
		b.WriteString("\n  uses:     upstream's time zones")
	}
	for _, f := range p.Uses.Functions {
		b.WriteString("\n  uses:     no function " + quote(f.DB) + "." + quote(f.Name))
	}
	return b.String()
}

// String implements Plan.
func (p *ReadModifyWrite) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ReadModifyWrite\n  fetch:    %s\n  upstream: %s", partsString(p.Fetch), partsString(p.Update))
	if p.Rest != nil {
		fmt.Fprintf(&b, "\n  rest:     %s", partsString(p.Rest))
	}
	if p.OnUpdate {
		b.WriteString("\n  touches:  ON UPDATE CURRENT_TIMESTAMP")
	}
	return b.String()
}

// String implements Plan.
func (p *CreateTable) String() string {
	out := "CreateTable "
	if p.Temporary {
		out += "temporary "
	}
	out += quote(p.DB) + "." + quote(p.Name)
	if p.IfNotExists {
		out += " if not exists"
	}
	return out + "\n  logical:  " + p.Statement
}

// String implements Plan.
func (p *DropTable) String() string { return "DropTable" }

// String implements Plan.
func (p *NeedTable) String() string { return "NeedTable " + quote(p.DB) + "." + quote(p.Name) }

// String implements Plan.
func (p *Refuse) String() string {
	return fmt.Sprintf("Refuse %s\n  error:    %d (%s) %s", p.Reason, p.Err.Code, p.Err.State, p.Err.Message)
}

func partsString(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.String())
	}
	return b.String()
}

// String prints a part: text as it is, a value as {form of what, bound to what}.
func (p Part) String() string {
	switch p.Kind {
	case PartText:
		return p.Text
	case PartExtra:
		return "{" + strings.TrimSpace(p.Text) + " rows}"
	case PartSchema:
		return "{schema " + p.Text + "}"
	case PartTwin:
		return "{twin}"
	case PartShown:
		return "{twins of " + p.Text + "}"
	case PartSession:
		return "{session " + p.Text + "}"
	case PartCondition:
		return "{if bound: " + partsString(p.Expr) + "}"
	case PartJoin, PartTop:
		return partsString(p.Expr)
	case PartLimit:
		return " LIMIT {" + strings.ReplaceAll(partsString(p.Expr), "}{", "} + {") + "}"
	case PartOrder:
		return p.Text
	case PartGroups:
		return "{groups}"
	case PartKeys:
		return fmt.Sprintf("{%s in list %d}", p.Text, p.Literal+1)
	case PartName:
		return "{name " + partsString(p.Expr) + "}"
	}
	of := ""
	if p.Column != nil {
		of = " " + columnName(p.Table, p.Column)
	}
	if p.Expr != nil {
		return "{" + p.Form.String() + of + " of " + partsString(p.Expr) + "}"
	}
	if p.Fold != nil {
		return "{" + p.Form.String() + of + " " + p.Fold.print() + "}"
	}
	if p.Literal >= 0 {
		of += fmt.Sprintf(" $%d", p.Literal+1)
	}
	return "{" + p.Form.String() + of + "}"
}

// String names a form.
func (f Form) String() string {
	switch f {
	case Clear:
		return "clear"
	case Cell:
		return "cell"
	case StoreToken:
		return "token"
	case CompareToken:
		return "compare"
	case DefaultCell:
		return "default-cell"
	case DefaultToken:
		return "default-token"
	case NowCell:
		return "now-cell"
	case StoreOrder:
		return "order"
	case StorePart:
		return "part"
	case DefaultPart:
		return "default-part"
	case DefaultOrder:
		return "default-order"
	case NowOrder:
		return "now-order"
	case CompareOrder:
		return "compare-order"
	case BelowOrder:
		return "below-order"
	case AboveOrder:
		return "above-order"
	case LikeLow:
		return "like-low"
	case LikeHigh:
		return "like-high"
	}
	return "now-token"
}

// String implements Plan.
func (p *AlterTable) String() string {
	out := "AlterTable " + quote(p.DB) + "." + quote(p.Name)
	if p.NewDB != p.DB || p.NewName != p.Name {
		out += " becomes " + quote(p.NewDB) + "." + quote(p.NewName)
	}
	out += "\n  evaluator: " + p.Statement
	for _, r := range p.Renamed {
		out += "\n  renames:   " + quote(r[0]) + " to " + quote(r[1])
	}
	for _, d := range p.Dropped {
		out += "\n  drops:     " + quote(d)
	}
	return out
}

// String implements Plan.
func (p *RenameTables) String() string {
	out := "RenameTables"
	for _, s := range p.Steps {
		out += "\n  " + s.Statement
	}
	return out
}
