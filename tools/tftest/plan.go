package tftest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PlannedResource is a resource in a plan, or a data source that is read while it is
// applied.
// https://developer.hashicorp.com/terraform/internals/json-format#change-representation
type PlannedResource struct {
	Address string `json:"address"`
	Module  string `json:"module_address"`
	Mode    string `json:"mode"` // managed or data
	Type    string `json:"type"`
	Name    string `json:"name"`
	Change  struct {
		After   any `json:"after"`
		Unknown any `json:"after_unknown"`
	} `json:"change"`
}

// knownLater stands for a value that the plan does not know.
const knownLater = "(known after apply)"

// Value is an argument of a planned resource.
type Value struct {
	Path string // health_check[0].path
	Text string // JSON, or "(known after apply)"
}

// Values lists the arguments that have a value, by their paths. The plan does not say
// whether the configuration or the provider gives what is known after the apply only:
// it is listed where set says that the configuration does. A string that is a JSON
// document is listed value by value.
func (r PlannedResource) Values(set func(path string) bool) []Value {
	w := &valueWalk{set: set}
	w.walk("", r.Change.After, r.Change.Unknown)
	return w.values
}

type valueWalk struct {
	set    func(path string) bool
	values []Value
}

func (w *valueWalk) walk(path string, after, later any) {
	if later == true {
		if w.set(WithoutIndexes(path)) {
			w.values = append(w.values, Value{path, knownLater})
		}
		return
	}
	switch after := after.(type) {
	case map[string]any:
		unknown, _ := later.(map[string]any)
		if path == "tags" && len(unknown) == 0 {
			w.values = append(w.values, Value{path, encoded(after)}) // one line: each resource has them
			return
		}
		both := maps.Clone(unknown)
		if both == nil {
			both = map[string]any{}
		}
		maps.Copy(both, after)
		for _, key := range slices.Sorted(maps.Keys(both)) {
			w.walk(strings.TrimPrefix(path+"."+key, "."), after[key], unknown[key])
		}
	case []any:
		unknown, _ := later.([]any)
		for i, element := range after {
			var of any
			if i < len(unknown) {
				of = unknown[i]
			}
			w.element(fmt.Sprintf("%s[%d]", path, i), element, of)
		}
	case string:
		if inner, ok := document(after); ok {
			w.walk(path, inner, nil)
			return
		}
		w.values = append(w.values, Value{path, quoted(after)})
	case nil:
	default:
		w.values = append(w.values, Value{path, fmt.Sprint(after)})
	}
}

// element walks an element of a list; that a block without arguments is there is a
// value as well.
func (w *valueWalk) element(path string, after, later any) {
	before := len(w.values)
	w.walk(path, after, later)
	if _, block := after.(map[string]any); block && len(w.values) == before {
		w.values = append(w.values, Value{path, "{}"})
	}
}

// document decodes a string that is a JSON document.
func document(text string) (any, bool) {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, false
	}
	var inner any
	return inner, json.Unmarshal([]byte(text), &inner) == nil
}

// quoted is a string in JSON. Long text in base64, such as user data, is decoded.
func quoted(text string) string {
	if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && len(text) > 64 && printable(decoded) {
		text = string(decoded)
	}
	return encoded(text)
}

func encoded(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // what was decoded from JSON can be encoded
	return strings.TrimSpace(out.String())
}

func printable(text []byte) bool {
	return utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) })
}

var index = regexp.MustCompile(`\[[^\]]*\]`)

// WithoutIndexes is a path as the configuration has it: health_check.path.
func WithoutIndexes(path string) string { return index.ReplaceAllString(path, "") }
