package wire

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A request's parameters, whatever the protocol, become a tree of
// map[string]any, []any and scalars; decode puts the tree into a struct.

// maxDepth bounds how deep parameters may nest.
const maxDepth = 32

// formTree makes a tree of flat names such as "Filter.1.Value.2". Lists stay
// maps with numbers for keys until decode knows that a list is wanted.
func formTree(form url.Values) (map[string]any, error) {
	root := map[string]any{}
	for name, values := range form {
		if name == "Action" || name == "Version" || len(values) == 0 {
			continue
		}
		if err := plant(root, name, values[0]); err != nil {
			return nil, err
		}
	}
	return root, nil
}

func plant(node map[string]any, name, value string) error {
	parts := strings.Split(name, ".")
	if len(parts) > maxDepth {
		return Errorf("MalformedQueryString", "parameter %q nests deeper than %d", shorten(name), maxDepth)
	}
	for _, part := range parts[:len(parts)-1] {
		child, ok := node[part].(map[string]any)
		if !ok {
			if _, taken := node[part]; taken && node[part] != "" {
				return Errorf("MalformedQueryString", "parameter %q is both a value and a structure", name)
			}
			child = map[string]any{}
			node[part] = child
		}
		node = child
	}
	last := parts[len(parts)-1]
	if _, taken := node[last].(map[string]any); taken {
		if value == "" {
			return nil
		}
		return Errorf("MalformedQueryString", "parameter %q is both a value and a structure", name)
	}
	node[last] = value
	return nil
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
)

// decode puts a tree into the value. path names the place, for errors.
func decode(tree any, into reflect.Value, path string) error {
	if tree == nil {
		return nil
	}
	if into.Kind() == reflect.Pointer {
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		return decode(tree, into.Elem(), path)
	}
	switch {
	case into.Type() == timeType:
		return decodeTime(tree, into, path)
	case into.Kind() == reflect.Struct:
		return decodeStruct(tree, into, path)
	case into.Kind() == reflect.Slice && into.Type().Elem().Kind() == reflect.Uint8:
		return decodeBytes(tree, into, path)
	case into.Kind() == reflect.Slice:
		return decodeList(tree, into, path)
	case into.Kind() == reflect.Map:
		return decodeMap(tree, into, path)
	case into.Kind() == reflect.Interface:
		value := reflect.ValueOf(tree)
		if !value.Type().AssignableTo(into.Type()) {
			return Errorf("UnsupportedParameter", "localaws does not know the parameter %s", path)
		}
		into.Set(value)
		return nil
	}
	return decodeScalar(tree, into, path)
}

func decodeStruct(tree any, into reflect.Value, path string) error {
	members, ok := tree.(map[string]any)
	if !ok {
		if tree == "" {
			return nil
		}
		return wrongType(path, "a structure", tree)
	}
	fields := fieldsOf(into.Type())
	for name, value := range members {
		index, known := fields.in[strings.ToLower(name)]
		if !known {
			if value == nil {
				continue
			}
			return Errorf("UnsupportedParameter", "localaws does not know the parameter %s", join(path, name))
		}
		if err := decode(value, into.FieldByIndex(index), join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func decodeList(tree any, into reflect.Value, path string) error {
	items, err := listItems(tree, path)
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		if err := decode(item, list.Index(i), fmt.Sprintf("%s.%d", path, i+1)); err != nil {
			return err
		}
	}
	into.Set(list)
	return nil
}

// listItems reads a list however it was written: as a list, as
// {"member": {"1": ..., "2": ...}} or as {"1": ..., "2": ...}.
func listItems(tree any, path string) ([]any, error) {
	switch node := tree.(type) {
	case []any:
		return node, nil
	case map[string]any:
		for _, wrapper := range []string{"member", "entry", "item"} {
			if inner, ok := node[wrapper]; ok && len(node) == 1 {
				return listItems(inner, path)
			}
		}
		return numbered(node, path)
	case string:
		if node == "" { // Query's way to write an empty list
			return nil, nil
		}
	}
	return nil, wrongType(path, "a list", tree)
}

func numbered(node map[string]any, path string) ([]any, error) {
	numbers := make([]int, 0, len(node))
	for key := range node {
		n, err := strconv.Atoi(key)
		if err != nil || n < 0 || strconv.Itoa(n) != key {
			return nil, Errorf("MalformedQueryString", "%s is a list; %q is not an index", path, key)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	items := make([]any, 0, len(numbers))
	for _, n := range numbers {
		items = append(items, node[strconv.Itoa(n)])
	}
	return items, nil
}

func decodeMap(tree any, into reflect.Value, path string) error {
	node, ok := tree.(map[string]any)
	if !ok {
		return wrongType(path, "a map", tree)
	}
	if entries, ok := node["entry"].(map[string]any); ok && len(node) == 1 {
		flat, err := entryMap(entries, path)
		if err != nil {
			return err
		}
		node = flat
	}
	made := reflect.MakeMapWithSize(into.Type(), len(node))
	for key, value := range node {
		element := reflect.New(into.Type().Elem()).Elem()
		if err := decode(value, element, join(path, key)); err != nil {
			return err
		}
		made.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), element)
	}
	into.Set(made)
	return nil
}

// entryMap reads Query's maps: entry.1.key, entry.1.value.
func entryMap(entries map[string]any, path string) (map[string]any, error) {
	items, err := numbered(entries, path)
	if err != nil {
		return nil, err
	}
	flat := map[string]any{}
	for _, item := range items {
		pair, ok := item.(map[string]any)
		if !ok {
			return nil, wrongType(path, "a key and a value", item)
		}
		// SNS names the parts of some maps Name and Value.
		key, ok := cmp.Or(pair["key"], pair["Name"]).(string)
		if !ok {
			return nil, Errorf("MalformedQueryString", "%s has an entry without a key", path)
		}
		flat[key] = cmp.Or(pair["value"], pair["Value"])
	}
	return flat, nil
}

func decodeBytes(tree any, into reflect.Value, path string) error {
	switch value := tree.(type) {
	case []byte:
		into.SetBytes(value)
		return nil
	case string:
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return Errorf("SerializationException", "%s is not base64: %v", path, err)
		}
		into.SetBytes(raw)
		return nil
	}
	return wrongType(path, "base64", tree)
}

func decodeTime(tree any, into reflect.Value, path string) error {
	switch value := tree.(type) {
	case time.Time:
		into.Set(reflect.ValueOf(value))
		return nil
	case string:
		t, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return Errorf("SerializationException", "%s is not a timestamp: %q", path, value)
		}
		into.Set(reflect.ValueOf(t))
		return nil
	}
	seconds, err := strconv.ParseFloat(fmt.Sprint(tree), 64)
	if err != nil || math.Abs(seconds) > maxEpoch || math.IsNaN(seconds) {
		return wrongType(path, "a time", tree)
	}
	into.Set(reflect.ValueOf(epoch(seconds)))
	return nil
}

// epoch makes a time of seconds since 1970, to the millisecond.
func epoch(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

// maxEpoch bounds times: the end of the year 9999, the last that a timestamp
// can write.
const maxEpoch = 253402300799

func decodeScalar(tree any, into reflect.Value, path string) error {
	switch tree.(type) {
	case map[string]any, []any:
		return wrongType(path, "a "+into.Kind().String(), tree)
	}
	text := fmt.Sprint(tree)
	var err error
	switch into.Kind() {
	case reflect.String:
		if _, isText := tree.(string); !isText && into.Type() != numberType {
			return wrongType(path, "a string", tree)
		}
		into.SetString(text)
	case reflect.Bool:
		var value bool
		value, err = strconv.ParseBool(text)
		into.SetBool(value)
	case reflect.Int, reflect.Int32, reflect.Int64:
		err = decodeInt(text, into)
	case reflect.Float32, reflect.Float64:
		var value float64
		value, err = strconv.ParseFloat(text, 64)
		into.SetFloat(value)
	default:
		return fmt.Errorf("the Go field for %s has a type that wire can't read: %s", path, into.Type())
	}
	if err != nil {
		return wrongType(path, "a "+into.Kind().String(), tree)
	}
	return nil
}

// decodeInt reads whole numbers, also written as 3.0, and refuses what the
// field can't hold.
func decodeInt(text string, into reflect.Value) error {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		float, floatErr := strconv.ParseFloat(text, 64)
		if floatErr != nil || float != float64(int64(float)) {
			return err
		}
		value = int64(float)
	}
	if into.OverflowInt(value) {
		return strconv.ErrRange
	}
	into.SetInt(value)
	return nil
}

func wrongType(path, want string, got any) *Error {
	return Errorf("SerializationException", "%s should be %s, not %q", path, want, shorten(fmt.Sprint(got)))
}

// shorten cuts what a message repeats of a request.
func shorten(text string) string {
	if len(text) > 60 {
		return text[:60] + "..."
	}
	return text
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
