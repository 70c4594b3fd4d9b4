package wire

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// typeFields is how a struct's fields are called on the wire.
type typeFields struct {
	in  map[string][]int // lower-case name -> field
	out []outField       // in the struct's order
}

type outField struct {
	index  []int
	name   string
	tagged bool   // the name is as the tag says, and no case rule applies
	item   string // the name of a list's items, where it is not the protocol's
	kept   bool   // also an empty string is written
}

// fieldCache remembers what reflection found out about a type; a type's
// fields never change, so this is not state.
var fieldCache sync.Map // reflect.Type -> *typeFields

func fieldsOf(t reflect.Type) *typeFields {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.(*typeFields)
	}
	fields := &typeFields{in: map[string][]int{}}
	fields.add(t, nil)
	cached, _ := fieldCache.LoadOrStore(t, fields)
	return cached.(*typeFields)
}

// add reads the fields of t, which stands at that index; the members of an
// embedded struct belong to the outer one.
func (f *typeFields) add(t reflect.Type, at []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		index := append(slices.Clone(at), i)
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			f.add(field.Type, index)
			continue
		}
		in := inName(field)
		if in == "" {
			continue
		}
		name := field.Name
		tagged := false
		if tag := field.Tag.Get("aws"); tag != "" {
			name, tagged = tag, true
		}
		if tag := field.Tag.Get("out"); tag != "" {
			name, tagged = tag, true
		}
		f.in[strings.ToLower(in)] = index
		f.out = append(f.out, outField{index: index, name: name, tagged: tagged, item: field.Tag.Get("item"), kept: field.Tag.Get("empty") == "kept"})
	}
}

// inName is the field's name in a request, "" for one that is not on the wire.
func inName(field reflect.StructField) string {
	tag := field.Tag.Get("aws")
	if field.Anonymous && field.Type.Kind() == reflect.Struct || !field.IsExported() || tag == "-" {
		return ""
	}
	return cmp.Or(field.Tag.Get("in"), tag, field.Name)
}

// wireName is the field's name in an answer.
func (f outField) wireName(lowerCamel bool) string {
	if lowerCamel && !f.tagged {
		return strings.ToLower(f.name[:1]) + f.name[1:]
	}
	return f.name
}

// indirect follows pointers and interfaces; ok is false where there is nothing
// to write.
func indirect(v reflect.Value) (reflect.Value, bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v, v.IsValid()
}

// omitted reports whether an answer leaves the field out, whose value is v.
func (f outField) omitted(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0 && !f.kept
	case reflect.Struct:
		return v.Type() == timeType && v.Interface().(time.Time).IsZero()
	}
	return false
}
