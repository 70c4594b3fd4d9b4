package configurations

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// Survivors removes the arguments and nested blocks of the module's resources one
// at a time, in the files that the patterns name, and lists those without which all
// of the root module's tests pass. Tests of refusals are left out: they are about
// values, which are there in either case.
//
// Tested is told each argument with the run that failed without it, "" if none.
func Survivors(ctx context.Context, s Setup, patterns []string, tested func(a tftest.Argument, killer string)) (survivors []tftest.Argument, err error) {
	arguments, err := tftest.Arguments(s.Root, patterns...)
	if err != nil {
		return nil, err
	}
	c, err := open(ctx, s, "mutants", func(map[string][]byte) error { return nil })
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.init("."); err != nil {
		return nil, err
	}
	tests, err := c.TestFiles(".")
	if err != nil {
		return nil, err
	}
	tests = slices.DeleteFunc(tests, func(file string) bool { return strings.Contains(file, "refusals") })
	for _, a := range arguments {
		killer, err := c.without(ctx, a, tests)
		if err != nil {
			return survivors, fmt.Errorf("without %s: %w", a, err)
		}
		if killer == "" {
			survivors = append(survivors, a)
		}
		tested(a, killer)
	}
	return survivors, nil
}

// without returns the run that fails without an argument, which it puts back.
func (c *Configurations) without(ctx context.Context, a tftest.Argument, tests []string) (killer string, err error) {
	path := filepath.Join(c.dir, "tree", filepath.FromSlash(a.File))
	whole, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the module: %w", err)
	}
	rest, err := tftest.WithoutArgument(whole, a)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, rest, 0o644); err != nil {
		return "", fmt.Errorf("removing the argument: %w", err)
	}
	defer func() { err = errors.Join(err, os.WriteFile(path, whole, 0o644)) }()
	naming, others, err := c.naming(tests, a)
	if err != nil {
		return "", err
	}
	if killer, err := c.killer(ctx, naming); err != nil || killer != "" {
		return killer, err
	}
	return c.killer(ctx, others)
}

// naming splits test files into those that name an argument's resource, which will
// most likely fail without it, and the others.
func (c *Configurations) naming(tests []string, a tftest.Argument) (naming, others []string, err error) {
	for _, file := range tests {
		text, err := os.ReadFile(filepath.Join(c.dir, "tree", file))
		if err != nil {
			return nil, nil, fmt.Errorf("reading a test: %w", err)
		}
		if strings.Contains(string(text), a.Resource) {
			naming = append(naming, file)
		} else {
			others = append(others, file)
		}
	}
	return naming, others, nil
}

// killer returns the first run of some test files that fails; "" when all pass.
func (c *Configurations) killer(ctx context.Context, tests []string) (string, error) {
	if len(tests) == 0 {
		return "", nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	report := &tftest.Report{}
	args := []string{"test", "-json"}
	for _, file := range tests {
		args = append(args, filterTest+file)
	}
	said, err := os.Create(filepath.Join(c.dir, "mutant.log"))
	if err != nil {
		return "", fmt.Errorf("opening Terraform's log: %w", err)
	}
	defer func() { _ = said.Close() }()
	// The first failure does: the rest need not run.
	line := func(text string) {
		if report.Line(text); report.Failure() != "" {
			stop()
		}
	}
	err = c.Tools.Terraform.Run(ctx, tfcli.Command{Args: args, Dir: filepath.Join(c.dir, "tree"), Env: c.env, Log: said, Line: line, Kill: c.Kill})
	if failed := report.Failure(); failed != "" {
		return failed, nil
	}
	if err != nil {
		return "", err
	}
	return "", report.Err()
}
