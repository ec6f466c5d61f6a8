package suite

import "maps"

// Tally counts statements of one kind.
type Tally struct {
	Total     int            `json:"total"`
	Same      int            `json:"same"`
	Failing   int            `json:"failing"` // of Same: both failed and the test did not expect it
	Loose     int            `json:"loose"`   // of Same: only the error code was compared
	ByPlan    int            `json:"by_plan"` // of Same: as with another plan of the server's
	Refused   int            `json:"refused"`
	Different int            `json:"different"`
	What      map[string]int `json:"what,omitempty"` // Different by its gravest difference
}

// Add adds another tally.
func (t *Tally) Add(u *Tally) {
	t.Total, t.Same, t.Failing, t.Loose = t.Total+u.Total, t.Same+u.Same, t.Failing+u.Failing, t.Loose+u.Loose
	t.ByPlan += u.ByPlan
	t.Refused, t.Different = t.Refused+u.Refused, t.Different+u.Different
	for what, n := range u.What {
		t.count(what, n)
	}
}

func (t *Tally) count(what string, n int) {
	if t.What == nil {
		t.What = map[string]int{}
	}
	t.What[what] += n
}

// Case is a statement that was refused or whose answers differ.
type Case struct {
	Place   string   `json:"place"`
	Kind    Kind     `json:"kind"`
	SQL     string   `json:"sql"`
	Refusal string   `json:"refusal,omitempty"` // the reason, without names
	What    string   `json:"what,omitempty"`    // the gravest difference
	Known   string   `json:"known,omitempty"`   // why it differs, where that is known
	After   string   `json:"after,omitempty"`   // an earlier statement that left the two sides with other data
	Details []string `json:"details,omitempty"`
}

// Result is that of one file.
type Result struct {
	File    string          `json:"file"`
	Kinds   map[Kind]*Tally `json:"kinds"`
	Skipped map[string]int  `json:"skipped,omitempty"`
	Cases   []Case          `json:"cases,omitempty"`
	Note    string          `json:"note,omitempty"` // why the file ended early
	Seconds float64         `json:"seconds"`
}

// Sum adds up kinds; none means all.
func (r *Result) Sum(kinds ...Kind) *Tally {
	sum := &Tally{}
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	for _, k := range kinds {
		if t := r.Kinds[k]; t != nil {
			sum.Add(t)
		}
	}
	return sum
}

// Total is all results as one.
func Total(results []*Result) *Result {
	all := &Result{File: "all", Kinds: map[Kind]*Tally{}, Skipped: map[string]int{}}
	for _, r := range results {
		for _, k := range Kinds() {
			if r.Kinds[k] != nil {
				all.tally(k).Add(r.Kinds[k])
			}
		}
		for reason, n := range r.Skipped {
			all.Skipped[reason] += n
		}
		all.Seconds += r.Seconds
	}
	return all
}

func (r *Result) tally(k Kind) *Tally {
	if r.Kinds[k] == nil {
		r.Kinds[k] = &Tally{}
	}
	return r.Kinds[k]
}

func (r *Result) skip(reason string, n int) { r.Skipped[reason] += n }

func (r *Result) merge(skipped map[string]int) {
	merged := maps.Clone(skipped)
	for reason, n := range r.Skipped {
		merged[reason] += n
	}
	r.Skipped = merged
}
