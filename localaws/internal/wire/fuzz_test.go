package wire

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// target has a member of every kind that decode knows.
type target struct {
	Name   string
	Count  int32
	Big    *int64
	Ratio  float64
	On     bool
	When   time.Time
	Raw    []byte
	Words  []string
	ByKey  map[string]string
	Nested *target
	List   []target
}

// read decodes a tree, and writes what came of it in every protocol: whatever a
// client sends, it is taken or refused.
func read(t *testing.T, tree map[string]any) {
	t.Helper()
	in := &target{}
	if err := decode(tree, reflect.ValueOf(in).Elem(), ""); err != nil {
		return
	}
	if answer, err := encodeJSON(in, true); err == nil && !json.Valid(answer) {
		t.Fatalf("no JSON: %s", answer)
	}
	encodeXML(&bytes.Buffer{}, in, queryStyle)
	encodeXML(&bytes.Buffer{}, in, ec2Style)
	if _, err := cbor.Decode(encodeCBOR(in)); err != nil {
		t.Fatalf("no CBOR: %v", err)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("Name=a&Count=1&Words.member.1=x&List.1.Nested.Big=-9")
	f.Add("ByKey.entry.1.key=a&ByKey.entry.1.value=b")
	f.Add("Words=&Nested=&When=2026-01-31T12:00:00Z&Raw=aGk%3D")
	f.Add("Words.1=a&Words.1.2=b&.=1&..=2")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		if tree, err := formTree(form); err == nil {
			read(t, tree)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"name":"a","count":1,"list":[{"nested":{"big":9007199254740993}}],"when":1.5,"raw":"aGk="}`)
	f.Add(`{"byKey":{"entry":{"1":{"key":"a"}}},"words":{"1":"x"},"nested":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		tree := map[string]any{}
		decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
		decoder.UseNumber()
		if decoder.Decode(&tree) == nil {
			read(t, tree)
		}
	})
}

func FuzzCBOR(f *testing.F) {
	f.Add(cbor.Encode(cbor.Map{
		"Name": cbor.String("a"), "Big": cbor.NegInt(5), "Raw": cbor.Slice("x"), "Ratio": cbor.Float32(1), "On": cbor.Bool(true),
		"When": &cbor.Tag{ID: 1, Value: cbor.Uint(7)}, "List": cbor.List{cbor.Map{"Words": cbor.List{cbor.String("b")}}}, "Nested": &cbor.Nil{},
	}))
	f.Fuzz(func(t *testing.T, body []byte) {
		tree, err := cborCodec{}.parse(nil, body, nil)
		if err == nil {
			read(t, tree)
		}
	})
}
