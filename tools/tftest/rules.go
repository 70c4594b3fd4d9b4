package tftest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Rule is a condition that the module refuses values by.
type Rule struct {
	Object string // its owner, as expect_failures names it: var.x, output.x, check.x; or local.faults
	File   string // from the module's root
	First  int    // its lines, the block's head and end
	Last   int
	// Condition is the text of its condition.
	Condition string
}

// String names the rule and where it is.
func (r Rule) String() string { return fmt.Sprintf("%s:%d: a rule of %s", r.File, r.First, r.Object) }

// Rules lists the rules of the configurations in some folders below the root:
// validations, preconditions, postconditions, the assertions of checks, and the
// elements of the lists of faults that a local value concatenates.
func Rules(root string, folders ...string) ([]Rule, error) {
	var rules []Rule
	for _, folder := range folders {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*.tf"))
		if err != nil {
			return nil, fmt.Errorf("looking for rules: %w", err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, fmt.Errorf("looking for rules: %w", err)
			}
			file, diagnostics := hclparse.NewParser().ParseHCLFile(path)
			if diagnostics.HasErrors() {
				return nil, fmt.Errorf("looking for rules: %w", diagnostics)
			}
			for _, block := range file.Body.(*hclsyntax.Body).Blocks {
				rules = append(rules, rulesOf(filepath.ToSlash(name), file.Bytes, block)...)
				if block.Type == "locals" {
					rules = append(rules, faultsOf(filepath.ToSlash(name), file.Bytes, block)...)
				}
			}
		}
	}
	return rules, nil
}

// rulesOf lists the rules of one variable, resource, output or check.
func rulesOf(file string, text []byte, block *hclsyntax.Block) []Rule {
	name := strings.Join(block.Labels, ".")
	switch block.Type {
	case "variable":
		name = "var." + name
	case "data", "output", "check":
		name = block.Type + "." + name
	}
	var rules []Rule
	for _, inner := range block.Body.Blocks {
		switch inner.Type {
		case "validation", "precondition", "postcondition", "assert":
			lines := hcl.RangeBetween(inner.TypeRange, inner.CloseBraceRange)
			rule := Rule{Object: name, File: file, First: lines.Start.Line, Last: lines.End.Line}
			if condition, ok := inner.Body.Attributes["condition"]; ok {
				rule.Condition = string(condition.Expr.Range().SliceBytes(text))
			}
			rules = append(rules, rule)
		case "lifecycle":
			for _, rule := range rulesOf(file, text, inner) {
				rule.Object = name
				rules = append(rules, rule)
			}
		}
	}
	return rules
}

// faultsOf lists the rules of a locals block: in a value named faults, or ending
// in _faults, each argument of concat is one.
func faultsOf(file string, text []byte, block *hclsyntax.Block) []Rule {
	var rules []Rule
	for name, attribute := range block.Body.Attributes {
		call, ok := attribute.Expr.(*hclsyntax.FunctionCallExpr)
		if !ok || call.Name != "concat" || (name != "faults" && !strings.HasSuffix(name, "_faults")) {
			continue
		}
		for _, element := range call.Args {
			lines := element.Range()
			rules = append(rules, Rule{
				Object: "local." + name, File: file, First: lines.Start.Line, Last: lines.End.Line,
				Condition: string(conditionOf(element).Range().SliceBytes(text)),
			})
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return a.First - b.First })
	return rules
}

// conditionOf is the condition of the innermost for expression.
func conditionOf(element hclsyntax.Expression) hclsyntax.Expression {
	switch e := element.(type) {
	case *hclsyntax.FunctionCallExpr: // flatten
		if len(e.Args) == 1 {
			return conditionOf(e.Args[0])
		}
	case *hclsyntax.ForExpr:
		if e.CondExpr != nil {
			return e.CondExpr
		}
		return conditionOf(e.ValExpr)
	}
	return element
}

// Without returns a file's text without one of its rules. The rule's lines must
// hold nothing else.
func Without(text []byte, rule Rule) ([]byte, error) {
	lines := strings.SplitAfter(string(text), "\n")
	if rule.First < 1 || rule.Last < rule.First || rule.Last > len(lines) {
		return nil, fmt.Errorf("removing %s: the file has %d lines", rule, len(lines))
	}
	rest := []byte(strings.Join(slices.Delete(lines, rule.First-1, rule.Last), ""))
	if _, diagnostics := hclparse.NewParser().ParseHCL(rest, rule.File); diagnostics.HasErrors() {
		return nil, fmt.Errorf("removing %s: its lines hold something else: %w", rule, diagnostics)
	}
	return rest, nil
}

// checkedBy is the end of the message of a variable's rule. Its own place is
// that of the value.
var checkedBy = regexp.MustCompile(`This was checked by the validation rule at (\S+):(\d+),`)

// broken tells which rule a message is of.
func broken(rules []Rule, d Diagnostic) (Rule, bool) {
	file, line := d.Range.Filename, d.Range.Start.Line
	if match := checkedBy.FindStringSubmatch(d.Detail); match != nil {
		file = match[1]
		line, _ = strconv.Atoi(match[2]) // the pattern holds digits only
	}
	file = strings.TrimPrefix(file, InputsFolder+"/")
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.File == file && r.First <= line && line <= r.Last })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// Undefended lists the rules that could be taken away without any test failing.
//
// The report is of the runs that Unexpecting makes, each told by its file as
// the keys of expectations. A run that expects an object to fail defends a rule
// when that rule is the only one of the object that it breaks: without the rule
// nothing of the object would fail, which is what Terraform then reports.
func Undefended(rules []Rule, report *Report, expectations map[string]Expectation) []Rule {
	defended := map[Rule]bool{}
	for _, run := range report.Runs {
		byObject := map[string][]Rule{}
		for _, diagnostic := range run.Diagnostics {
			if rule, ok := broken(rules, diagnostic); ok && !slices.Contains(byObject[rule.Object], rule) {
				byObject[rule.Object] = append(byObject[rule.Object], rule)
			}
		}
		for _, object := range expectations[run.File].Objects {
			if len(byObject[object]) == 1 {
				defended[byObject[object][0]] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return defended[r] })
}
