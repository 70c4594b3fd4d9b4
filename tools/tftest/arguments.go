package tftest

import (
	"cmp"
	"fmt"
	slashpath "path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Argument is an argument or a nested block of a resource.
type Argument struct {
	Resource string // aws_lb_target_group.extra
	Address  string // aws_lb_target_group.extra.health_check.path
	File     string // from the module's root
	Line     int
	Block    bool // whether it is a nested block
}

// String names the argument and where it is.
func (a Argument) String() string { return fmt.Sprintf("%s:%d: %s", a.File, a.Line, a.Address) }

// ofTerraform are arguments and blocks that Terraform reads and the provider does
// not see. What they are for shows when a resource changes or goes, not in a plan.
var ofTerraform = []string{"count", "for_each", "provider", "depends_on", "lifecycle"}

// Arguments lists the arguments and nested blocks of the resources in some files,
// which a pattern from the root names.
func Arguments(root string, patterns ...string) ([]Argument, error) {
	var arguments []Argument
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, fmt.Errorf("looking for arguments: %w", err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, fmt.Errorf("looking for arguments: %w", err)
			}
			file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
			if diagnostics.HasErrors() {
				return nil, fmt.Errorf("looking for arguments: %w", diagnostics)
			}
			for _, block := range file.Body.(*hclsyntax.Body).Blocks {
				if block.Type == "resource" {
					resource := strings.Join(block.Labels, ".")
					for _, a := range argumentsOf(filepath.ToSlash(name), resource, block.Body) {
						a.Resource = resource
						arguments = append(arguments, a)
					}
				}
			}
		}
	}
	return arguments, nil
}

// argumentsOf lists those of one block, and of the blocks in it, in their order.
func argumentsOf(file, address string, body *hclsyntax.Body) []Argument {
	var arguments []Argument
	add := func(name string, block bool, line int) {
		arguments = append(arguments, Argument{Address: address + "." + name, File: file, Line: line, Block: block})
	}
	for name, attribute := range body.Attributes {
		if !slices.Contains(ofTerraform, name) {
			add(name, false, attribute.SrcRange.Start.Line)
		}
	}
	for _, block := range body.Blocks {
		if slices.Contains(ofTerraform, block.Type) {
			continue
		}
		name, inner := block.Type, block.Body
		if name == "dynamic" {
			name = block.Labels[0]
			for _, content := range block.Body.Blocks {
				inner = content.Body
			}
		}
		add(name, true, block.TypeRange.Start.Line)
		arguments = append(arguments, argumentsOf(file, address+"."+name, inner)...)
	}
	slices.SortStableFunc(arguments, func(a, b Argument) int { return cmp.Compare(a.Line, b.Line) })
	return arguments
}

// Modules lists the modules that a module of the repository calls, by the names of
// their blocks: their folders, from the root.
func Modules(root, folder string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(root, folder, "*.tf"))
	if err != nil {
		return nil, fmt.Errorf("looking for modules: %w", err)
	}
	modules := map[string]string{}
	for _, path := range paths {
		file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
		if diagnostics.HasErrors() {
			return nil, fmt.Errorf("looking for modules: %w", diagnostics)
		}
		for _, block := range file.Body.(*hclsyntax.Body).Blocks {
			if block.Type != "module" || block.Body.Attributes["source"] == nil {
				continue
			}
			source, diagnostics := block.Body.Attributes["source"].Expr.Value(nil)
			if diagnostics.HasErrors() {
				return nil, fmt.Errorf("looking for modules: %w", diagnostics)
			}
			modules[block.Labels[0]] = slashpath.Join(folder, source.AsString())
		}
	}
	return modules, nil
}
