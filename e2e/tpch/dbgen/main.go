// Command dbgen writes part of TPC-H's data at scale 1 as files of values between bars. It is a module of its own, so that nothing
// else here depends on the generator.
//
//	go run . SHARE DIRECTORY
//
// Of each table it takes the first rows, SHARE of all, and moves foreign keys into what is left of the tables that they point at. So
// the result is no database of a smaller scale to the letter, but one of the same kind: distributions and the sizes of groups stay.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pingcap/go-tpc/tpch/dbgen"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dbgen:", err)
		os.Exit(1)
	}
}

// errEnough ends the generation of a table.
var errEnough = errors.New("enough")

// limited is a loader that takes the first rows.
type limited struct {
	dbgen.Loader
	left   int
	change func(item any)
}

// Load implements dbgen.Loader.
func (l *limited) Load(item any) error {
	if l.left--; l.left < 0 {
		return errEnough
	}
	if l.change != nil {
		l.change(item)
	}
	return l.Loader.Load(item)
}

// within moves a key to one of the first n.
func within[T ~int64](key T, n int64) T { return T((int64(key)-1)%n + 1) }

// supplier is the i-th supplier of a part.
func supplier[T ~int64](part T, i, suppliers int64) T {
	return T((int64(part)+i*(suppliers/4))%suppliers + 1)
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: dbgen SHARE DIRECTORY")
	}
	share, err := strconv.ParseFloat(args[0], 64)
	if err != nil || share <= 0 || share > 1 {
		return fmt.Errorf("the share of the rows is a number of up to 1, not %q", args[0])
	}
	n := func(all float64) int64 { return max(30, int64(all*share)/3*3) }
	parts, suppliers, customers, orders := n(200_000), n(10_000), n(150_000), n(1_500_000)
	dbgen.InitDbGen(1)
	files := map[string]*os.File{}
	for _, name := range []string{"region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"} {
		if files[name], err = os.Create(filepath.Join(args[1], name+".csv")); err != nil {
			return err
		}
		defer files[name].Close()
	}
	change := func(item any) {
		part := item.(*dbgen.Part)
		for i := range part.S {
			part.S[i].SuppKey = supplier(part.PartKey, int64(i), suppliers)
		}
	}
	order := func(item any) {
		o := item.(*dbgen.Order)
		o.CustKey = within(o.CustKey, customers)
		for i := range o.Lines {
			l := &o.Lines[i]
			l.PartKey = within(l.PartKey, parts)
			l.SuppKey = supplier(l.PartKey, int64(l.LCnt)%4, suppliers)
		}
	}
	loaders := map[dbgen.Table]dbgen.Loader{
		dbgen.TRegion: dbgen.NewRegionLoader(files["region"]), dbgen.TNation: dbgen.NewNationLoader(files["nation"]),
		dbgen.TSupp:  &limited{dbgen.NewSuppLoader(files["supplier"]), int(suppliers), nil},
		dbgen.TCust:  &limited{dbgen.NewCustLoader(files["customer"]), int(customers), nil},
		dbgen.TPart:  &limited{dbgen.NewPartLoader(files["part"]), int(parts), change},
		dbgen.TPsupp: dbgen.NewPartSuppLoader(files["partsupp"]),
		dbgen.TOrder: &limited{dbgen.NewOrderLoader(files["orders"]), int(orders), order},
		dbgen.TLine:  dbgen.NewLineItemLoader(files["lineitem"]),
	}
	for _, t := range []dbgen.Table{dbgen.TRegion, dbgen.TNation, dbgen.TSupp, dbgen.TCust, dbgen.TPartPsupp, dbgen.TOrderLine} {
		if err := generate(loaders, t); err != nil {
			return err
		}
	}
	return nil
}

// generate makes a table, and with it the one whose rows belong to its rows.
func generate(loaders map[dbgen.Table]dbgen.Loader, t dbgen.Table) error {
	err := dbgen.DbGen(loaders, []dbgen.Table{t})
	if err != nil && !isEnough(err) {
		return err
	}
	return nil
}

// isEnough tells errEnough, which the generator does not wrap.
func isEnough(err error) bool {
	text := err.Error()
	return len(text) > len("enough") && text[len(text)-len("enough"):] == "enough"
}
