package rest

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// DecodeXML reads a body whose outermost element is root (any, when root is
// ""). An element that the struct has no field for is an error that names it:
// nothing is ignored in silence.
func DecodeXML(body []byte, root string, into any) error {
	if err := check(body, root, shapeOf(reflect.TypeOf(into))); err != nil {
		return err
	}
	return xml.Unmarshal(body, into)
}

// Parameters are what a struct has read, as wire.Service.Check gets those of
// other protocols: by name, and lists under the name of the element that holds
// them. What is empty was not given.
func Parameters(read any) map[string]any {
	tree, _ := parameters(reflect.ValueOf(read)).(map[string]any)
	return tree
}

func parameters(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return parameters(v.Elem())
	case reflect.Slice:
		items := make([]any, 0, v.Len())
		for i := range v.Len() {
			items = append(items, parameters(v.Index(i)))
		}
		if len(items) == 0 {
			return nil
		}
		return items
	case reflect.Struct:
		members := map[string]any{}
		for _, field := range reflect.VisibleFields(v.Type()) {
			path, _, _ := strings.Cut(field.Tag.Get("xml"), ",")
			name, _, _ := strings.Cut(path, ">")
			if value := parameters(v.FieldByIndex(field.Index)); value != nil && name != "-" {
				members[cmp.Or(name, field.Name)] = value
			}
		}
		return members
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
	}
	return v.Interface()
}

// shape is which elements may stand inside an element.
type shape map[string]shape

// shapeOf derives from a struct's xml tags what encoding/xml would read.
func shapeOf(t reflect.Type) shape {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	members := shape{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("xml"), ",")
		if name == "-" || field.Name == "XMLName" || strings.Contains(options, "attr") || strings.Contains(options, "chardata") {
			continue
		}
		if name == "" {
			name = field.Name
		}
		at := members
		path := strings.Split(name, ">")
		for _, part := range path[:len(path)-1] {
			if at[part] == nil {
				at[part] = shape{}
			}
			at = at[part]
		}
		at[path[len(path)-1]] = shapeOf(field.Type)
	}
	return members
}

func check(body []byte, root string, allowed shape) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var open []shape
	var names []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if names == nil {
				return errors.New("the body is empty")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch element := token.(type) {
		case xml.StartElement:
			name := element.Name.Local
			inside := allowed
			if len(open) > 0 {
				var known bool
				if inside, known = open[len(open)-1][name]; !known {
					return fmt.Errorf("localaws does not know the element %s/%s", strings.Join(names, "/"), name)
				}
			} else if root != "" && name != root {
				return fmt.Errorf("the body is a <%s>, not a <%s>", name, root)
			}
			open, names = append(open, inside), append(names, name)
		case xml.EndElement:
			open, names = open[:len(open)-1], names[:len(names)-1]
			if len(open) == 0 {
				names = []string{} // not nil: the body had an element
			}
		}
	}
}
