package configurations

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// Plans is what the runs of a test file plan.
type Plans struct {
	// Texts lists, by the run's name, each resource with its arguments.
	Texts map[string]string
	// Missing are arguments of the module's resources that no run plans.
	Missing []tftest.Argument
}

// Plans plans the runs of one of the root module's test files.
func (c *Configurations) Plans(file string) (Plans, error) {
	if err := c.init("."); err != nil {
		return Plans{}, err
	}
	report, err := c.planned(file)
	if err != nil {
		return Plans{}, fmt.Errorf("planning %s: %w", file, err)
	}
	arguments, err := tftest.Arguments(c.Root, "*.tf", "modules/*/*.tf")
	if err != nil {
		return Plans{}, err
	}
	w := &planWriter{root: c.Root, folders: map[string]string{"": "."}, planned: map[string]bool{}}
	w.addArguments(arguments)
	plans := Plans{Texts: map[string]string{}}
	for _, run := range report.Runs {
		if plans.Texts[run.Name], err = w.text(run.Plan); err != nil {
			return Plans{}, err
		}
	}
	for _, a := range arguments {
		if !w.planned[path.Dir(a.File)+" "+a.Address] {
			plans.Missing = append(plans.Missing, a)
		}
	}
	return plans, nil
}

// planned runs a test file. Terraform repeats the provider's schema, of 15 MB, with
// each plan: so its output is not kept.
func (c *Configurations) planned(file string) (*tftest.Report, error) {
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	report := &tftest.Report{}
	var said bytes.Buffer
	err := c.Tools.Terraform.Run(c.ctx, tfcli.Command{
		Args: []string{"test", "-json", "-verbose", filterTest + file}, Dir: filepath.Join(c.dir, "tree"), Env: c.env,
		Log: &said, Line: report.Line, Kill: c.Kill,
	})
	if failed := report.Err(); failed != nil {
		return nil, failed
	}
	return report, err
}

// planWriter writes plans as text, and notes which arguments of the configuration are
// in them. Arguments are named by their folder and address.
type planWriter struct {
	root    string
	folders map[string]string // of modules, by their addresses without indexes
	whole   map[string]bool   // arguments that the configuration sets; false: a block
	planned map[string]bool
}

func (w *planWriter) addArguments(arguments []tftest.Argument) {
	w.whole = map[string]bool{}
	for _, a := range arguments {
		w.whole[path.Dir(a.File)+" "+a.Address] = !a.Block
	}
}

// isSet reports whether the configuration sets an argument of a resource, alone or as
// an element of one that it sets.
func (w *planWriter) isSet(resource, argument string) bool {
	if _, ok := w.whole[resource+"."+argument]; ok {
		return true
	}
	for i := strings.LastIndexByte(argument, '.'); i > 0; i = strings.LastIndexByte(argument, '.') {
		argument = argument[:i]
		if w.whole[resource+"."+argument] {
			return true
		}
	}
	return false
}

// hash matches the end of a name that the time of the plan makes unique.
var hash = regexp.MustCompile(`-[0-9a-f]{8}\b`)

// text lists resources with the arguments that have values.
func (w *planWriter) text(resources []tftest.PlannedResource) (string, error) {
	resources = slices.Clone(resources)
	slices.SortFunc(resources, func(a, b tftest.PlannedResource) int { return strings.Compare(a.Address, b.Address) })
	var text strings.Builder
	for _, r := range resources {
		folder, err := w.folder(tftest.WithoutIndexes(r.Module))
		if err != nil {
			return "", fmt.Errorf("%s: %w", r.Address, err)
		}
		resource := folder + " " + r.Type + "." + r.Name
		values := r.Values(func(argument string) bool { return w.isSet(resource, argument) })
		fmt.Fprintln(&text, r.Address)
		for _, value := range values {
			fmt.Fprintf(&text, "  %s = %s\n", value.Path, hash.ReplaceAllString(value.Text, "-(hash)"))
			w.note(resource, tftest.WithoutIndexes(value.Path))
		}
	}
	return text.String(), nil
}

// note notes an argument as planned, with the blocks that it is in.
func (w *planWriter) note(resource, argument string) {
	for argument != "" {
		w.planned[resource+"."+argument] = true
		argument = argument[:max(0, strings.LastIndexByte(argument, '.'))]
	}
}

// stepOfModule matches the last step of a module's address.
var stepOfModule = regexp.MustCompile(`^(?:(.*)\.)?module\.([^.]+)$`)

// folder is where the configuration of a module is.
func (w *planWriter) folder(module string) (string, error) {
	if folder, ok := w.folders[module]; ok {
		return folder, nil
	}
	step := stepOfModule.FindStringSubmatch(module)
	if step == nil {
		return "", fmt.Errorf("%q is not the address of a module", module)
	}
	caller, err := w.folder(step[1])
	if err != nil {
		return "", err
	}
	modules, err := tftest.Modules(w.root, caller)
	if err != nil {
		return "", err
	}
	folder, ok := modules[step[2]]
	if !ok {
		return "", fmt.Errorf("%s calls no module %q", caller, step[2])
	}
	w.folders[module] = folder
	return folder, nil
}
