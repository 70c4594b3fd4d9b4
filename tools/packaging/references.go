package packaging

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Check parses the module's configuration and returns an error for each
// reference to something that is not in the module: the directory of a local
// module source, or a file that a function reads below path.module. Only the
// examples may call a module that is not here.
func (m *Module) Check() error {
	var problems []error
	for _, name := range m.Paths {
		if path.Ext(name) != ".tf" {
			continue
		}
		text, err := fs.ReadFile(m.tree, name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		file, diagnostics := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		if diagnostics.HasErrors() {
			problems = append(problems, fmt.Errorf("parsing the configuration: %w", diagnostics))
			continue
		}
		body, ok := file.Body.(*hclsyntax.Body)
		if !ok {
			return fmt.Errorf("parsing %s: its body is a %T", name, file.Body)
		}
		problems = append(problems, m.checkSources(name, body)...)
		problems = append(problems, m.checkFiles(name, body)...)
	}
	return errors.Join(problems...)
}

// checkSources follows the sources of a file's module blocks.
func (m *Module) checkSources(name string, body *hclsyntax.Body) []error {
	var problems []error
	for _, block := range body.Blocks {
		source := block.Body.Attributes["source"]
		if block.Type != "module" || source == nil {
			continue
		}
		if problem := m.checkSource(name, source); problem != nil {
			problems = append(problems, problem)
		}
	}
	return problems
}

func (m *Module) checkSource(name string, source *hclsyntax.Attribute) error {
	at := source.SrcRange.Start.Line
	value, diagnostics := source.Expr.Value(nil)
	if diagnostics.HasErrors() || value.Type() != cty.String {
		return fmt.Errorf("%s:%d: the module's source is not a plain string", name, at)
	}
	address := value.AsString()
	if !strings.HasPrefix(address, "./") && !strings.HasPrefix(address, "../") {
		if strings.HasPrefix(name, "examples/") {
			return nil
		}
		return fmt.Errorf("%s:%d: source %q is not in the archive: the module must contain everything that it calls", name, at, address)
	}
	dir := path.Join(path.Dir(name), address)
	if !fs.ValidPath(dir) || !m.HasConfiguration(dir) {
		return fmt.Errorf("%s:%d: source %q is %s, of which the archive has no configuration: add it to Contents in tools/packaging", name, at, address, dir)
	}
	return nil
}

// readers are the functions of Terraform that read a file, named by their
// first argument. https://developer.hashicorp.com/terraform/language/functions
func readers() map[string]bool {
	return map[string]bool{
		"file": true, "filebase64": true, "templatefile": true, "fileexists": true,
		"filemd5": true, "filesha1": true, "filesha256": true, "filesha512": true,
		"filebase64sha256": true, "filebase64sha512": true, "fileset": true,
	}
}

// checkFiles looks at each call that reads a file.
func (m *Module) checkFiles(name string, body *hclsyntax.Body) []error {
	var problems []error
	reads := readers()
	_ = hclsyntax.VisitAll(body, func(node hclsyntax.Node) hcl.Diagnostics {
		call, ok := node.(*hclsyntax.FunctionCallExpr)
		if !ok || !reads[call.Name] || len(call.Args) == 0 {
			return nil
		}
		if problem := m.checkFile(name, call); problem != nil {
			problems = append(problems, problem)
		}
		return nil
	})
	return problems
}

func (m *Module) checkFile(name string, call *hclsyntax.FunctionCallExpr) error {
	argument := call.Args[0]
	if !usesModulePath(argument) {
		return nil // the caller's own file
	}
	at := argument.Range().Start.Line
	value, diagnostics := argument.Value(&hcl.EvalContext{Variables: map[string]cty.Value{
		"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(path.Dir(name))}),
	}})
	if diagnostics.HasErrors() || value.Type() != cty.String {
		return fmt.Errorf("%s:%d: the file that %s reads is unknown before a plan: name it without variables", name, at, call.Name)
	}
	wanted := path.Clean(value.AsString())
	if !m.Has(wanted) {
		return fmt.Errorf("%s:%d: %s reads %s, which is not in the archive: add it to Contents in tools/packaging", name, at, call.Name, wanted)
	}
	return nil
}

// usesModulePath reports whether an expression mentions path.module.
func usesModulePath(expression hclsyntax.Expression) bool {
	for _, traversal := range expression.Variables() {
		if len(traversal) < 2 || traversal.RootName() != "path" {
			continue
		}
		if attribute, ok := traversal[1].(hcl.TraverseAttr); ok && attribute.Name == "module" {
			return true
		}
	}
	return false
}
