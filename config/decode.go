package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// decode puts a parsed document into dst, a pointer to a struct with toml tags, and collects what does not fit. The
// toml package's own decoder stops at the first wrong type.
func (c *collector) decode(doc map[string]any, dst *Config) {
	c.table("", doc, reflect.ValueOf(dst).Elem())
}

// table decodes the keys of one table.
func (c *collector) table(path string, doc map[string]any, dst reflect.Value) {
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		at := join(path, name)
		field, ok := fieldNamed(dst, name)
		if !ok {
			c.unknown(path, at, name, doc[name], dst.Type())
			continue
		}
		c.value(at, doc[name], field.value, field.unit)
	}
}

// value decodes one value into dst.
func (c *collector) value(path string, v any, dst reflect.Value, unit string) {
	switch dst.Interface().(type) {
	case time.Duration:
		c.duration(path, v, dst)
		return
	case []string:
		c.strings(path, v, dst)
		return
	}
	switch dst.Kind() {
	case reflect.Struct:
		if doc, ok := v.(map[string]any); ok {
			c.table(path, doc, dst)
			return
		}
		c.add(path, "is "+describe(v, dst), "a table: ["+path+"] on a line of its own")
	case reflect.Slice:
		c.tables(path, v, dst)
	case reflect.String:
		if s, ok := v.(string); ok {
			dst.SetString(s)
			return
		}
		c.add(path, "is "+describe(v, dst), "a string in quotes")
	case reflect.Bool:
		if b, ok := v.(bool); ok {
			dst.SetBool(b)
			return
		}
		c.add(path, "is "+describe(v, dst), "true or false, without quotes")
	case reflect.Int, reflect.Int64:
		c.integer(path, v, dst, unit)
	default:
		panic("config: internal error: no decoding for " + dst.Type().String())
	}
}

// integer decodes a number, or with a unit a size such as "64MiB".
func (c *collector) integer(path string, v any, dst reflect.Value, unit string) {
	n, ok := v.(int64)
	if unit == "bytes" {
		if s, isString := v.(string); isString {
			n, ok = parseSize(s)
			if !ok {
				c.add(path, fmt.Sprintf("%q is not a size", s), `a size such as "64MiB", in KiB, MiB or GiB`)
				return
			}
		}
		if !ok {
			c.add(path, "is "+describe(v, dst), `a size such as "64MiB"`)
			return
		}
	}
	if !ok {
		c.add(path, "is "+describe(v, dst), "a whole number, without quotes")
		return
	}
	dst.SetInt(n)
}

// duration decodes "10s".
func (c *collector) duration(path string, v any, dst reflect.Value) {
	s, ok := v.(string)
	if !ok {
		c.add(path, "is "+describe(v, dst), `a duration in quotes such as "10s", "5m" or "8h"`)
		return
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		c.add(path, fmt.Sprintf("%q is not a duration", s), `a number with a unit such as "10s", "5m" or "8h"`)
		return
	}
	if d < 0 {
		c.add(path, fmt.Sprintf("%q is negative", s), `a duration such as "10s"`)
		return
	}
	dst.SetInt(int64(d))
}

// strings decodes an array of strings. An empty array is not nil.
func (c *collector) strings(path string, v any, dst reflect.Value) {
	list, ok := v.([]any)
	if !ok {
		c.add(path, "is "+describe(v, dst), `an array of strings: ["…", "…"]`)
		return
	}
	out := make([]string, 0, len(list))
	for _, item := range list {
		s, ok := item.(string)
		if !ok {
			c.add(path, "holds "+describe(item, dst), "strings only, in quotes")
			return
		}
		out = append(out, s)
	}
	dst.Set(reflect.ValueOf(out))
}

// tables decodes an array of tables.
func (c *collector) tables(path string, v any, dst reflect.Value) {
	var list []map[string]any
	switch v := v.(type) {
	case []map[string]any:
		list = v
	case []any: // inline: encrypt = [{database = "shop"}]
		for _, item := range v {
			doc, ok := item.(map[string]any)
			if !ok {
				c.add(path, "holds "+describe(item, dst), "tables: [["+path+"]] on a line of its own")
				return
			}
			list = append(list, doc)
		}
	default:
		c.add(path, "is "+describe(v, dst), "an array of tables: [["+path+"]], with two brackets")
		return
	}
	out := reflect.MakeSlice(dst.Type(), len(list), len(list))
	for i, doc := range list {
		c.table(path+"["+strconv.Itoa(i)+"]", doc, out.Index(i))
	}
	dst.Set(out)
}

// unknown reports a key that no field has, with the one that was probably meant.
func (c *collector) unknown(table, path, name string, v any, t reflect.Type) {
	_, isTable := v.(map[string]any)
	if _, many := v.([]map[string]any); many {
		isTable = true
	}
	keys := fieldNames(t)
	near := nearest(name, keys)
	section := withoutIndex(table)
	switch {
	case near != "" && table == "":
		c.add(path, "no such section", "did you mean ["+near+"]?")
	case near != "":
		c.add(path, "no such key", "did you mean "+near+"?")
	case table == "" && !isTable:
		c.add(path, "no such key outside a section", elsewhere(name, "a section first, such as [listen]"))
	case table == "":
		c.add(path, "no such section", "one of "+strings.Join(keys, ", "))
	default:
		c.add(path, "no such key", elsewhere(name, "["+section+"] has "+strings.Join(keys, ", ")))
	}
}

// elsewhere names the sections that have a key of this name, or else returns otherwise.
func elsewhere(name, otherwise string) string {
	var sections []string
	root := reflect.TypeFor[Config]()
	for i := range root.NumField() {
		t := root.Field(i).Type
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if slices.Contains(fieldNames(t), name) {
			sections = append(sections, "["+root.Field(i).Tag.Get("toml")+"]")
		}
	}
	if len(sections) == 0 {
		return otherwise
	}
	return name + " is a key of " + strings.Join(sections, " and ")
}

// tagged is a struct field and what its tags say.
type tagged struct {
	value reflect.Value
	unit  string
}

// fieldNamed finds the field whose toml tag is name.
func fieldNamed(v reflect.Value, name string) (tagged, bool) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Tag.Get("toml") == name {
			return tagged{value: v.Field(i), unit: f.Tag.Get("unit")}, true
		}
	}
	return tagged{}, false
}

// fieldNames lists a struct's toml names in declaration order.
func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("toml")
	}
	return names
}

// describe names a value's type, and the value itself where it is short and no secret.
func describe(v any, dst reflect.Value) string {
	secret := dst.Type() == reflect.TypeFor[Secret]()
	switch v := v.(type) {
	case string:
		if secret || len(v) > 40 {
			return "a string"
		}
		return fmt.Sprintf("the string %q", v)
	case int64, float64:
		if secret {
			return "a number"
		}
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprintf("the boolean %v", v)
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "an array"
	}
	return "a date"
}

// parseSize reads a number of bytes with a binary unit.
func parseSize(s string) (int64, bool) {
	shift := 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, shift = strings.TrimSpace(rest), bits
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return 0, false
	}
	return n << shift, true
}

// join appends a key to a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// parse reads the document's syntax; a syntax error is the only fault that hides all others.
func (c *collector) parse(data []byte) (map[string]any, bool) {
	var doc map[string]any
	_, err := toml.Decode(string(data), &doc)
	if err == nil {
		c.lines = locate(string(data))
		return doc, true
	}
	fault := Fault{File: c.file, What: "is not TOML", Want: "key = value lines under [section] lines"}
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		fault.Line, fault.Key = syntax.Position.Line, syntax.LastKey
		switch {
		case strings.Contains(syntax.Message, "already"):
			fault.What, fault.Want = "is given twice", "one place for each key and [section]"
		case strings.Contains(syntax.LastKey, "password"):
			// The message may quote the value.
			fault.What, fault.Want = "is not TOML", "the value in quotes"
		default:
			fault.What = "is not TOML: " + syntax.Message
		}
	}
	c.faults = append(c.faults, fault)
	return nil, false
}
