package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// encodeJSON writes an answer for the JSON protocols. Times are seconds since
// 1970.
func encodeJSON(out any, lowerCamel bool) ([]byte, error) {
	return json.Marshal(jsonTree(reflect.ValueOf(out), lowerCamel))
}

func jsonTree(v reflect.Value, lowerCamel bool) any {
	v, ok := indirect(v)
	if !ok {
		return nil
	}
	switch {
	case v.Type() == timeType:
		return json.Number(strconv.FormatFloat(seconds(v), 'f', 3, 64))
	case v.Kind() == reflect.Struct:
		members := map[string]any{}
		for _, field := range fieldsOf(v.Type()).out {
			if value := v.FieldByIndex(field.index); !field.omitted(value) {
				members[field.wireName(lowerCamel)] = jsonTree(value, lowerCamel)
			}
		}
		return members
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range v.Len() {
			list[i] = jsonTree(v.Index(i), lowerCamel)
		}
		return list
	case v.Kind() == reflect.Map:
		members := map[string]any{}
		for _, key := range v.MapKeys() {
			members[key.String()] = jsonTree(v.MapIndex(key), lowerCamel)
		}
		return members
	}
	return v.Interface()
}

func seconds(v reflect.Value) float64 {
	return float64(v.Interface().(time.Time).UnixMilli()) / 1000
}

// encodeCBOR writes an answer for Smithy RPC v2 CBOR; times are tagged
// seconds since 1970.
func encodeCBOR(out any) []byte { return cbor.Encode(cborValue(reflect.ValueOf(out))) }

func cborValue(v reflect.Value) cbor.Value {
	v, ok := indirect(v)
	if !ok {
		return &cbor.Nil{}
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == timeType {
			return &cbor.Tag{ID: 1, Value: cbor.Float64(seconds(v))}
		}
		members := cbor.Map{}
		for _, field := range fieldsOf(v.Type()).out {
			if value := v.FieldByIndex(field.index); !field.omitted(value) {
				members[field.wireName(false)] = cborValue(value)
			}
		}
		return members
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return cbor.Slice(v.Bytes())
		}
		list := make(cbor.List, v.Len())
		for i := range v.Len() {
			list[i] = cborValue(v.Index(i))
		}
		return list
	case reflect.Map:
		members := cbor.Map{}
		for _, key := range v.MapKeys() {
			members[key.String()] = cborValue(v.MapIndex(key))
		}
		return members
	}
	return cborScalar(v)
}

func cborScalar(v reflect.Value) cbor.Value {
	switch v.Kind() {
	case reflect.Bool:
		return cbor.Bool(v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		if n := v.Int(); n < 0 {
			return cbor.NegInt(uint64(-n))
		}
		return cbor.Uint(uint64(v.Int()))
	case reflect.Float32, reflect.Float64:
		return cbor.Float64(v.Float())
	}
	return cbor.String(v.String())
}

// xmlStyle is how Query and EC2 differ in their answers.
type xmlStyle struct {
	item       string // the name of a list's items
	lowerCamel bool
}

var (
	queryStyle = xmlStyle{item: "member"}
	ec2Style   = xmlStyle{item: "item", lowerCamel: true}
)

// encodeXML writes the members of out, without an element around them.
func encodeXML(b *bytes.Buffer, out any, style xmlStyle) {
	if v, ok := indirect(reflect.ValueOf(out)); ok {
		xmlContent(b, v, style, "")
	}
}

// xmlContent writes what is inside an element. item is the name of a list's
// items where it is not the style's own.
func xmlContent(b *bytes.Buffer, v reflect.Value, style xmlStyle, item string) {
	v, ok := indirect(v)
	if !ok {
		return
	}
	switch {
	case v.Type() == timeType:
		b.WriteString(v.Interface().(time.Time).UTC().Format("2006-01-02T15:04:05.000Z"))
	case v.Kind() == reflect.Struct:
		for _, field := range fieldsOf(v.Type()).out {
			if value := v.FieldByIndex(field.index); !field.omitted(value) {
				xmlElement(b, field.wireName(style.lowerCamel), value, style, field.item)
			}
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		b.WriteString(base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Slice:
		if item == "" {
			item = style.item
		}
		for i := range v.Len() {
			xmlElement(b, item, v.Index(i), style, "")
		}
	case v.Kind() == reflect.Map:
		xmlMap(b, v, style)
	default:
		_ = xml.EscapeText(b, []byte(fmt.Sprint(v.Interface()))) // a bytes.Buffer never fails
	}
}

func xmlElement(b *bytes.Buffer, name string, v reflect.Value, style xmlStyle, item string) {
	b.WriteString("<" + name + ">")
	xmlContent(b, v, style, item)
	b.WriteString("</" + name + ">")
}

func xmlMap(b *bytes.Buffer, v reflect.Value, style xmlStyle) {
	values := map[string]reflect.Value{}
	for _, key := range v.MapKeys() {
		values[key.String()] = v.MapIndex(key)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		b.WriteString("<entry><key>")
		_ = xml.EscapeText(b, []byte(key))
		b.WriteString("</key>")
		xmlElement(b, "value", values[key], style, "")
		b.WriteString("</entry>")
	}
}
