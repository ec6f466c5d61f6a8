package schema

import (
	"math/big"
	"strconv"
	"strings"
)

// OrderPrefix starts the name of an order-token column, and of the index on it; the logical column's name follows.
const OrderPrefix = Prefix + "ord_"

// OrderExpansion is how many bytes of an order token stand for one byte of the order key.
const OrderExpansion = 8

// MaxOrderKey is how many bytes of a string's order key its token has. Strings that are alike in so many have one token.
const MaxOrderKey = 32

// OrderColumn is the physical name of the column's order token.
func (c *Column) OrderColumn() string { return OrderPrefix + c.Name }

// Hidden are the physical columns beside the cell: equality token, order token and part token, as far as the column has them.
func (c *Column) Hidden() []string {
	var out []string
	if c.Token {
		out = append(out, c.TokenColumn())
	}
	if c.Order {
		out = append(out, c.OrderColumn())
	}
	if c.Part > 0 {
		out = append(out, c.PartColumn())
	}
	return out
}

// OrderKey says what a column's order tokens are made of: a key whose order as bytes is that of the column's values.
type OrderKey struct {
	// Space names the keys' form: only tokens of one space and one token domain compare.
	Space string
	// Size is the key's length in bytes; that of strings is at most so long.
	Size int
	// Exact: two values are equal, or one is less, exactly where their tokens are so. Else the tokens of different values may
	// be equal, but are never the wrong way round.
	Exact bool
	// Weighed: the key is made of the collation's weights.
	Weighed bool
}

// OrderKey is the form of a column's order keys. ok is false where its type has none.
func (c *Column) OrderKey() (k OrderKey, ok bool) {
	sign := "i"
	if c.Unsigned {
		sign = "u"
	}
	fixed := func(space string, size int) (OrderKey, bool) {
		return OrderKey{Space: space, Size: size, Exact: true}, true
	}
	switch c.Kind {
	case KindTinyInt, KindSmallInt, KindMediumInt, KindInt, KindBigInt:
		size := map[Kind]int{KindTinyInt: 1, KindSmallInt: 2, KindMediumInt: 3, KindInt: 4, KindBigInt: 8}[c.Kind]
		return fixed(sign+strconv.Itoa(size), size)
	case KindYear:
		return fixed("year", 2)
	case KindBit:
		return fixed("bit"+strconv.Itoa(c.Length), (c.Length+7)/8)
	case KindFloat, KindDouble:
		if c.Precision > 0 || c.Scale > 0 {
			return k, false // compared with a tolerance
		}
		if c.Kind == KindFloat {
			return fixed("f4", 4)
		}
		return fixed("f8", 8)
	case KindDecimal:
		return fixed("dec"+strconv.Itoa(c.Precision)+"."+strconv.Itoa(c.Scale), (c.DecimalOffset().BitLen()+8)/8)
	case KindDate:
		return fixed("date", 3)
	case KindDateTime, KindTimestamp:
		space := map[Kind]string{KindDateTime: "datetime", KindTimestamp: "timestamp"}[c.Kind]
		if c.FSP == 0 {
			return fixed(space, 5)
		}
		return fixed(space+"6", 8)
	case KindINET4:
		return fixed("inet4", 4)
	case KindINET6:
		return fixed("inet6", 16)
	case KindTime:
		if c.FSP == 0 {
			return fixed("time", 3)
		}
		return fixed("time6", 6)
	}
	return c.stringOrderKey()
}

// DecimalOffset is what is added to a DECIMAL without its point, so that it is not negative: 10 to the number of digits.
func (c *Column) DecimalOffset() *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Precision)), nil)
}

func (c *Column) stringOrderKey() (k OrderKey, ok bool) {
	switch c.Kind {
	case KindBinary, KindVarBinary, KindTinyBlob, KindBlob, KindMediumBlob, KindLongBlob:
		return OrderKey{Space: "bytes", Size: max(1, min(c.Length, MaxOrderKey)), Exact: c.Length <= MaxOrderKey}, true
	case KindChar, KindVarChar, KindTinyText, KindText, KindMediumText, KindLongText:
	default:
		return k, false
	}
	// MariaDB compares a CHAR under a NO PAD collation in one way by an index and in another without.
	if c.Kind == KindChar && strings.Contains(c.Collation, "_nopad_") {
		return k, false
	}
	k = OrderKey{Space: "text " + c.Collation, Size: MaxOrderKey, Weighed: true}
	if n := c.weightSize(); n > 0 && n*c.Length <= MaxOrderKey {
		k.Size, k.Exact = max(1, n*c.Length), true
	}
	k.Space += " " + strconv.Itoa(k.Size)
	return k, true
}

// weightSize is the most bytes that a character of the column weighs, 0 where that is not known.
func (c *Column) weightSize() int {
	if c.Kind != KindChar && c.Kind != KindVarChar {
		return 0 // Length counts bytes
	}
	charset, name, _ := strings.Cut(c.Collation, "_")
	wide := map[string]int{"utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "latin1": 1, "ascii": 1}[charset]
	switch {
	case strings.HasSuffix(name, "bin"):
		return wide
	case name == "general_ci" && wide > 1:
		return 2
	case c.Collation == "latin1_swedish_ci" || c.Collation == "ascii_general_ci":
		return 1
	}
	return 0
}
