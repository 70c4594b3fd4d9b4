package configurations

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// Undefended lists all rules of the module, and those that could be taken away
// without a test of refusals failing. It runs each run that expects failures
// once more without its expectation, and reads which rules Terraform names.
func Undefended(ctx context.Context, s Setup) (rules, undefended []tftest.Rule, err error) {
	expectations := map[string]tftest.Expectation{}
	c, err := open(ctx, s, "rules", func(files map[string][]byte) error {
		return unexpect(files, expectations)
	})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if rules, err = tftest.Rules(s.Root, ".", "modules/*"); err != nil {
		return nil, nil, err
	}
	report, err := c.reports(slices.Sorted(maps.Keys(expectations)))
	if err != nil {
		return nil, nil, err
	}
	return rules, tftest.Undefended(rules, report, expectations), nil
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
