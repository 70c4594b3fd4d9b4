package contract

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// expressionOf is an attribute's expression, nil when there is none.
func expressionOf(body *hclsyntax.Body, name string) hclsyntax.Expression {
	if attribute, ok := body.Attributes[name]; ok {
		return attribute.Expr
	}
	return nil
}

// decode reads an attribute of the contract: a list of strings, or a map of
// them.
func (s source) decode(name string, into any) error {
	expression := expressionOf(s.body, name)
	if expression == nil {
		return fmt.Errorf("%s is missing", name)
	}
	lists, ok := into.(*map[string][]string)
	if !ok {
		if diagnostics := gohcl.DecodeExpression(expression, nil, into); diagnostics.HasErrors() {
			return fmt.Errorf("%s: %w", name, diagnostics)
		}
		return nil
	}
	// Its lists differ in length, which a map of tuples can't.
	value, diagnostics := expression.Value(nil)
	if diagnostics.HasErrors() {
		return fmt.Errorf("%s: %w", name, diagnostics)
	}
	for key, list := range value.AsValueMap() {
		for _, element := range list.AsValueSlice() {
			if element.Type() != cty.String {
				return fmt.Errorf("%s: %s must be a list of strings", name, key)
			}
			(*lists)[key] = append((*lists)[key], element.AsString())
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
