package configurations

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// Undefended lists all rules of the module, and those that could be removed
// without a test failing.
//
// For the root module's tests it runs each run that expects failures once more
// without its expectation, and reads which rules Terraform names. A module with
// tests of its own is copied once for each of its rules, without that rule: the
// tests of the copy must fail.
func Undefended(ctx context.Context, s Setup) (rules, undefended []tftest.Rule, err error) {
	if rules, err = tftest.Rules(s.Root, ".", "modules/*"); err != nil {
		return nil, nil, err
	}
	expectations := map[string]tftest.Expectation{}
	var mutants []mutant
	c, err := open(ctx, s, "rules", func(files map[string][]byte) (err error) {
		if mutants, err = mutate(files, rules); err != nil {
			return err
		}
		return unexpect(files, expectations)
	})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	report, err := c.reports(slices.Sorted(maps.Keys(expectations)))
	if err != nil {
		return nil, nil, err
	}
	survivors, err := c.survivors(mutants)
	if err != nil {
		return nil, nil, err
	}
	undefended = tftest.Undefended(rules, report, expectations)
	undefended = slices.DeleteFunc(undefended, func(rule tftest.Rule) bool {
		tested := slices.ContainsFunc(mutants, func(m mutant) bool { return m.rule == rule })
		return tested && !slices.Contains(survivors, rule)
	})
	return rules, undefended, nil
}

// mutant is a copy of a module with tests of its own, without one of its rules.
type mutant struct {
	dir  string
	rule tftest.Rule
}

// mutate adds a mutant for each rule of a module that has tests of its own.
func mutate(files map[string][]byte, rules []tftest.Rule) ([]mutant, error) {
	var mutants []mutant
	for i, rule := range rules {
		module := filepath.FromSlash(path.Dir(rule.File))
		tested := slices.ContainsFunc(slices.Sorted(maps.Keys(files)), func(name string) bool {
			return module != "." && strings.HasPrefix(name, filepath.Join(module, "tests")+string(filepath.Separator))
		})
		if !tested {
			continue
		}
		m := mutant{dir: filepath.Join("mutants", strconv.Itoa(i)), rule: rule}
		for name, content := range files {
			inside, ok := strings.CutPrefix(name, module+string(filepath.Separator))
			if !ok {
				continue
			}
			if name == filepath.FromSlash(rule.File) {
				var err error
				if content, err = tftest.Without(content, rule); err != nil {
					return nil, err
				}
			}
			files[filepath.Join(m.dir, inside)] = content
		}
		mutants = append(mutants, m)
	}
	return mutants, nil
}

// survivors lists the rules whose mutants pass their tests.
func (c *Configurations) survivors(mutants []mutant) ([]tftest.Rule, error) {
	var mu sync.Mutex
	var rules []tftest.Rule
	var problems []error
	var running sync.WaitGroup
	for _, m := range mutants {
		running.Go(func() {
			report, err := c.testMutant(m.dir)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				problems = append(problems, fmt.Errorf("without %s: %w", m.rule, err))
			case report.Err() == nil:
				rules = append(rules, m.rule)
			}
		})
	}
	running.Wait()
	return rules, errors.Join(problems...)
}

// testMutant runs a mutant's tests. It has no providers, so it needs no init.
func (c *Configurations) testMutant(dir string) (*tftest.Report, error) {
	report := &tftest.Report{}
	err := c.terraform(dir, report.Line, "test", "-json")
	if failed := new(tfcli.Error); err != nil && (!errors.As(err, &failed) || report.Err() == nil) {
		return nil, err
	}
	if len(report.Problems) > 0 {
		return nil, fmt.Errorf("the tests did not run: %s", report.Problems[0])
	}
	return report, nil
}

// unexpect puts files of one run each in the place of the root module's tests.
func unexpect(files map[string][]byte, expectations map[string]tftest.Expectation) error {
	for _, name := range testsOf(files) {
		singles, expected, err := tftest.Unexpecting(name, files[name])
		if err != nil {
			return err
		}
		delete(files, name)
		for _, expectation := range expected {
			single := fmt.Sprintf("%s.%s.tftest.hcl", name[:len(name)-len(".tftest.hcl")], expectation.Run)
			files[single] = singles[expectation.Run]
			expectations[filepath.ToSlash(single)] = expectation
		}
	}
	return nil
}

// reports runs test files of the root module, and joins what is said of them.
func (c *Configurations) reports(files []string) (*tftest.Report, error) {
	joined := &tftest.Report{}
	var mu sync.Mutex
	var problems []error
	var running sync.WaitGroup
	for _, file := range files {
		running.Go(func() {
			report, err := c.report(".", file)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", file, err))
				return
			}
			joined.Runs = append(joined.Runs, report.Runs...)
			for _, problem := range report.Problems {
				problems = append(problems, fmt.Errorf("%s: %s", file, problem))
			}
		})
	}
	running.Wait()
	return joined, errors.Join(problems...)
}
