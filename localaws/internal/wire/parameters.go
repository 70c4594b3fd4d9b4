package wire

import (
	"reflect"
	"strings"
)

// A request's parameters, as Service.Check gets them, are read with Member and
// Items, and named by paths such as "Tags[].Key".

// Member is the member of that name of a structure; ok is false where it is
// not given. Names differ by case between protocols.
func Member(structure any, name string) (value any, ok bool) {
	members, _ := structure.(map[string]any)
	for has, value := range members {
		if strings.EqualFold(has, name) && value != nil {
			return value, true
		}
	}
	return nil, false
}

// Items are those of a list, however it was written; ok is false where it is
// no list.
func Items(list any) (items []any, ok bool) {
	items, err := listItems(list, "")
	return items, err == nil
}

// Members are the paths of all parameters that the operation reads.
func (o Operation) Members() []string { return membersOf(o.Input(), "", nil) }

// Input is the type of the operation's parameters.
func (o Operation) Input() reflect.Type { return reflect.TypeOf(o.make()).Elem() }

// MemberName is the name that requests have a field by, "" for one that is not
// a parameter.
func MemberName(field reflect.StructField) string { return inName(field) }

// membersOf lists the members of a type that stands at that path. A type that
// holds itself is listed once.
func membersOf(t reflect.Type, path string, within []reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer:
		return membersOf(t.Elem(), path, within)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return membersOf(t.Elem(), path+"[]", within)
		}
	case reflect.Struct:
		return structMembers(t, path, within)
	}
	return nil
}

func structMembers(t reflect.Type, path string, within []reflect.Type) []string {
	var all []string
	for _, seen := range within {
		if seen == t {
			return nil
		}
	}
	if t == timeType {
		return nil
	}
	for _, field := range reflect.VisibleFields(t) {
		name := inName(field)
		if name == "" {
			continue
		}
		member := join(path, name)
		all = append(all, member)
		all = append(all, membersOf(field.Type, member, append(within, t))...)
	}
	return all
}
