package plan

import "strings"

// CountsAll says whether FOUND_ROWS() is another number than that of the rows: the client asked for those that there would
// be without LIMIT, or the rows that an OFFSET leaves out count, too.
func (p *Split) CountsAll() bool {
	limit := false // a LIMIT, and nothing but a value since
	for i := range p.Text {
		if p.Text[i].Kind != PartText {
			continue
		}
		text := strings.ToUpper(strings.TrimSpace(p.Text[i].Text))
		if strings.Contains(text, "SQL_CALC_FOUND_ROWS") || strings.Contains(text, "OFFSET") || limit && strings.HasPrefix(text, ",") {
			return true
		}
		limit = strings.HasSuffix(text, "LIMIT")
	}
	return false
}
