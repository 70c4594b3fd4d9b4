package tftest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// InputsFolder is where a copy of the module has its variables and nothing
// else, for the runs of OnInputs.
const InputsFolder = "inputs"

// Expectation is a run that must fail: the objects whose rules it breaks, such
// as var.lb_type or terraform_data.validations.
type Expectation struct {
	Run     string
	Objects []string
}

// object is a reference in expect_failures, with the key of an instance.
var object = regexp.MustCompile(`[A-Za-z_][\w.-]*(\[[^\]]*\])?`)

// expected lists the objects in a run's expect_failures.
func expected(run *hclwrite.Block) []string {
	attribute := run.Body().GetAttribute("expect_failures")
	if attribute == nil {
		return nil
	}
	return object.FindAllString(string(attribute.Expr().BuildTokens(nil).Bytes()), -1)
}

func parse(name string, src []byte) (*hclwrite.File, error) {
	file, diagnostics := hclwrite.ParseConfig(src, name, hcl.InitialPos)
	if diagnostics.HasErrors() {
		return nil, fmt.Errorf("reading the test file: %w", diagnostics)
	}
	return file, nil
}

// OnInputs makes the runs of a test file that expect nothing but variables to
// be refused run on the variables alone. A variable's rules see that variable
// only, so that the outcome is the same; and the provider, whose start takes
// seconds, is not needed.
func OnInputs(name string, src []byte) ([]byte, error) {
	file, err := parse(name, src)
	if err != nil {
		return nil, err
	}
	whole := false
	for _, block := range file.Body().Blocks() {
		if block.Type() != "run" {
			continue
		}
		objects := expected(block)
		ofVariables := len(objects) > 0 && !slices.ContainsFunc(objects, func(o string) bool { return !strings.HasPrefix(o, "var.") })
		if ofVariables && block.Body().FirstMatchingBlock("module", nil) == nil {
			block.Body().AppendNewBlock("module", nil).Body().SetAttributeValue("source", cty.StringVal("./"+InputsFolder))
		} else {
			whole = true
		}
	}
	if !whole {
		remove(file.Body(), func(block *hclwrite.Block) bool { return block.Type() == "mock_provider" })
	}
	return file.Bytes(), nil
}

// Unexpecting splits a test file: for each run that expects failures, by its
// name, a file of its own in which it expects none, so that Terraform tells
// them. In one file the first of them would end all.
func Unexpecting(name string, src []byte) (map[string][]byte, []Expectation, error) {
	whole, err := parse(name, src)
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{}
	var expectations []Expectation
	for _, run := range whole.Body().Blocks() {
		objects := expected(run)
		if run.Type() != "run" || len(objects) == 0 {
			continue
		}
		runName := run.Labels()[0]
		single, err := parse(name, src)
		if err != nil {
			return nil, nil, err
		}
		remove(single.Body(), func(block *hclwrite.Block) bool {
			return block.Type() == "run" && block.Labels()[0] != runName
		})
		onInputs, err := OnInputs(name, single.Bytes())
		if err != nil {
			return nil, nil, err
		}
		if single, err = parse(name, onInputs); err != nil {
			return nil, nil, err
		}
		single.Body().FirstMatchingBlock("run", []string{runName}).Body().RemoveAttribute("expect_failures")
		files[runName] = single.Bytes()
		expectations = append(expectations, Expectation{Run: runName, Objects: objects})
	}
	return files, expectations, nil
}

func remove(body *hclwrite.Body, which func(*hclwrite.Block) bool) {
	for _, block := range body.Blocks() {
		if which(block) {
			body.RemoveBlock(block)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
