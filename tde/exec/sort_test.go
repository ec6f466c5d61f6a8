package exec

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/tdeproxy/tdeproxy/tde/kernel"
	"github.com/tdeproxy/tdeproxy/tde/spill"
)

// sorted compares the order in which a server gives rows with that of their sort keys, with memory for a few rows; rows whose place is
// not known are left out of both.
func (r *reduceTest) sorted() {
	r.t.Helper()
	length := []int{1024, 16}[r.rnd.IntN(2)]
	r.session.mirror[0].Value = fmt.Sprint(length)
	must(r.t, r.conn, fmt.Sprintf("SET max_sort_length = %d", length))
	defer must(r.t, r.conn, "SET max_sort_length = 1024")
	order := " ORDER BY c " + []string{"ASC", "DESC"}[r.rnd.IntN(2)] + ", id " + []string{"ASC", "DESC"}[r.rnd.IntN(2)]
	f, _ := r.fetch("SELECT id FROM t" + order)
	if f.Sort == nil {
		return
	}
	var by kernel.SortKey
	for _, c := range f.Sort.By {
		if !by.Add(c.Column, f.Columns[c.Column], c.Descending, r.session.sortPrefix()) {
			return
		}
	}
	d := spill.NewDir(r.t.TempDir(), 1<<30)
	s := d.NewSorter(by.Compare, 100, nil)
	defer s.Close()
	known := map[string]bool{}
	idAt := 1 - f.Sort.By[0].Column
	for _, i := range r.rnd.Perm(len(r.rows)) {
		row := place(f, r.rows[i])
		row[idAt] = []byte{0, 0, 0, 0, 0, 0, byte(i >> 8), byte(i)}
		key, ok := by.Append(nil, row)
		if known[strconv.Itoa(i)] = ok; !ok {
			continue
		}
		if err := s.Add(key, fmt.Append(nil, i)); err != nil {
			r.t.Fatal(err)
		}
	}
	var got, want []string
	if err := s.Each(func(_, id []byte) error {
		got = append(got, string(id))
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	for _, row := range r.query("SELECT id FROM t" + order) {
		if known[*row[0]] {
			want = append(want, *row[0])
		}
	}
	if len(got) > 1 {
		r.ordered++
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("%s (max_sort_length %d): %s, the server says %s", order, length, got, want)
	}
}
