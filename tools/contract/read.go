package contract

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// source is a parsed file with its text.
type source struct {
	body *hclsyntax.Body
	text []byte
}

func read(path string) (source, error) {
	file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
	if diagnostics.HasErrors() {
		return source{}, fmt.Errorf("reading the interface: %w", diagnostics)
	}
	return source{body: file.Body.(*hclsyntax.Body), text: file.Bytes}, nil
}

// plain is the text of an expression without what makes no difference: spaces,
// comments, and whether newlines or commas part its elements.
func (s source) plain(expression hcl.Expression) string {
	tokens, _ := hclsyntax.LexExpression(expression.Range().SliceBytes(s.text), "", hcl.InitialPos)
	var words [][]byte
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenComma, hclsyntax.TokenComment, hclsyntax.TokenEOF:
		default:
			words = append(words, token.Bytes)
		}
	}
	return string(bytes.Join(words, []byte(" ")))
}

// Contract reads the contract's file.
func Contract(path string) (Interface, error) {
	file, err := read(path)
	if err != nil {
		return Interface{}, err
	}
	contract := Interface{Inputs: map[string]Input{}, Outputs: map[string][]string{}}
	var nullable, outputs []string
	attributes := map[string][]string{}
	for name, into := range map[string]any{"providers": &contract.Providers, "null_is_a_value": &nullable, "outputs": &outputs, "output_attributes": &attributes} {
		if err := file.decode(name, into); err != nil {
			return Interface{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, name := range outputs {
		contract.Outputs[name] = attributes[name]
	}
	call, ok := expressionOf(file.body, "inputs").(*hclsyntax.FunctionCallExpr)
	if !ok || len(call.Args) != 1 {
		return Interface{}, fmt.Errorf("%s: inputs must be object({ ... })", path)
	}
	object, ok := call.Args[0].(*hclsyntax.ObjectConsExpr)
	if !ok {
		return Interface{}, fmt.Errorf("%s: inputs must be object({ ... })", path)
	}
	for _, item := range object.Items {
		name := hcl.ExprAsKeyword(item.KeyExpr)
		input := file.input(item.ValueExpr)
		input.Nullable = input.Default == "null" || slices.Contains(nullable, name)
		contract.Inputs[name] = input
	}
	return contract, nil
}

// input reads a type, or optional(type, default).
func (s source) input(expression hclsyntax.Expression) Input {
	call, ok := expression.(*hclsyntax.FunctionCallExpr)
	switch {
	case !ok || call.Name != "optional":
		return Input{Type: s.plain(expression)}
	case len(call.Args) == 1:
		return Input{Type: s.plain(call.Args[0]), Default: "null"}
	default:
		return Input{Type: s.plain(call.Args[0]), Default: s.plain(call.Args[1])}
	}
}

// Module reads the interface of the module in a directory.
func Module(dir string) (Interface, error) {
	module := Interface{Providers: []string{"aws"}, Inputs: map[string]Input{}, Outputs: map[string][]string{}}
	paths, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return Interface{}, fmt.Errorf("looking for the module: %w", err)
	}
	for _, path := range paths {
		file, err := read(path)
		if err != nil {
			return Interface{}, err
		}
		for _, block := range file.body.Blocks {
			switch block.Type {
			case "variable":
				module.Inputs[block.Labels[0]] = file.variable(block.Body)
			case "output":
				module.Outputs[block.Labels[0]] = attributes(expressionOf(block.Body, "value"))
			case "terraform":
				module.Providers = append(module.Providers, file.aliases(block.Body)...)
			}
		}
	}
	return module, nil
}

func (s source) variable(body *hclsyntax.Body) Input {
	input := Input{Type: "any", Nullable: true}
	if expression := expressionOf(body, "type"); expression != nil {
		input.Type = s.plain(expression)
	}
	if expression := expressionOf(body, "default"); expression != nil {
		input.Default = s.plain(expression)
	}
	if expression := expressionOf(body, "nullable"); expression != nil {
		input.Nullable = s.plain(expression) == "true"
	}
	return input
}

// attributes lists the attributes of an output that is an object, or a map of
// objects made by a for expression.
func attributes(value hclsyntax.Expression) []string {
	if loop, ok := value.(*hclsyntax.ForExpr); ok {
		value = loop.ValExpr
	}
	object, ok := value.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var names []string
	for _, item := range object.Items {
		names = append(names, hcl.ExprAsKeyword(item.KeyExpr))
	}
	slices.Sort(names)
	return names
}

// aliases lists the provider configurations that the module takes beside the
// default one.
func (s source) aliases(terraform *hclsyntax.Body) []string {
	var aliases []string
	for _, block := range terraform.Blocks {
		for _, name := range sortedKeys(block.Body.Attributes) {
			object, ok := block.Body.Attributes[name].Expr.(*hclsyntax.ObjectConsExpr)
			if block.Type != "required_providers" || !ok {
				continue
			}
			for _, item := range object.Items {
				if list, ok := item.ValueExpr.(*hclsyntax.TupleConsExpr); ok && hcl.ExprAsKeyword(item.KeyExpr) == "configuration_aliases" {
					for _, alias := range list.Exprs {
						aliases = append(aliases, strings.ReplaceAll(s.plain(alias), " ", ""))
					}
				}
			}
		}
	}
	return aliases
}
