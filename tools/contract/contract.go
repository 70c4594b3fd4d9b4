// Package contract compares the module's interface with what its callers rely
// on, which is written down in interface.hcl.
package contract

import (
	"fmt"
	"maps"
	"slices"
)

// Interface is what a caller sees of the module.
type Interface struct {
	Providers []string         // aws, and aliases such as aws.dns
	Inputs    map[string]Input // by name
	Outputs   map[string][]string
}

// Input is an input variable. Type and default are HCL in a form in which equal
// ones are equal texts; a required input has no default.
type Input struct {
	Type     string
	Default  string
	Nullable bool // null is a value of its own, and not the default
}

func (i Input) String() string {
	text := i.Type
	if i.Default == "" {
		text += ", required"
	} else {
		text += ", default " + i.Default
	}
	if i.Nullable {
		text += ", nullable"
	}
	return text
}

// Differences lists what the module has otherwise than the contract, one line
// for each.
func Differences(contract, module Interface) []string {
	lines := differences("input", contract.Inputs, module.Inputs, func(a, b Input) bool { return a == b })
	lines = append(lines, differences("output", contract.Outputs, module.Outputs, slices.Equal)...)
	if !slices.Equal(contract.Providers, module.Providers) {
		lines = append(lines, fmt.Sprintf("providers: the contract says %v, the module %v", contract.Providers, module.Providers))
	}
	return lines
}

func differences[V any](kind string, contract, module map[string]V, same func(a, b V) bool) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(contract)) {
		has, ok := module[name]
		switch {
		case !ok:
			lines = append(lines, fmt.Sprintf("%s %s: the module does not have it", kind, name))
		case !same(contract[name], has):
			lines = append(lines, fmt.Sprintf("%s %s: the contract says %v, the module %v", kind, name, contract[name], has))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(module)) {
		if _, ok := contract[name]; !ok {
			lines = append(lines, fmt.Sprintf("%s %s: the contract does not have it", kind, name))
		}
	}
	return lines
}
