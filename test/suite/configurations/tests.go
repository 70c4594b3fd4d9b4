package configurations

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/tfcli"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tffiles"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
	"github.com/infrahouse/terraform-aws-ecs/tools/tftest"
)

// TestFiles lists the files of a directory for `terraform test`.
func (c *Configurations) TestFiles(dir string) ([]string, error) {
	tree := filepath.Join(c.dir, "tree", dir)
	paths, err := filepath.Glob(filepath.Join(tree, "tests", "*.tftest.hcl"))
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w", dir, err)
	}
	files := make([]string, len(paths))
	for i, path := range paths {
		if files[i], err = filepath.Rel(tree, path); err != nil {
			return nil, fmt.Errorf("listing the tests of %s: %w", dir, err)
		}
	}
	return files, nil
}

// Test runs one test file of a directory. All of its runs must have passed.
func (c *Configurations) Test(dir, file string) error {
	report, err := c.report(dir, file)
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return fmt.Errorf("%w\n(Terraform's full output: %s)", err, workdir.Short(c.log(dir, testArgs(file))))
	}
	return nil
}

// filterTest is the flag of `terraform test` for one file.
const filterTest = "-filter="

func testArgs(file string) []string { return []string{"test", "-json", filterTest + file} }

// report runs one test file of a directory. Failing runs are in the report,
// and are not an error.
func (c *Configurations) report(dir, file string) (*tftest.Report, error) {
	if err := c.init(dir); err != nil {
		return nil, err
	}
	report := &tftest.Report{}
	err := c.terraform(dir, report.Line, testArgs(file)...)
	if failed := new(tfcli.Error); !errors.As(err, &failed) || report.Err() == nil {
		return report, err
	}
	return report, nil
}

// addInputs adds a module of the root module's variables alone.
func addInputs(files map[string][]byte) {
	files[filepath.Join(tftest.InputsFolder, "variables.tf")] = files["variables.tf"]
}

// testsOf lists the test files of the root module.
func testsOf(files map[string][]byte) []string {
	return slices.DeleteFunc(tffiles.Paths(files), func(name string) bool {
		ok, err := path.Match("tests/*.tftest.hcl", filepath.ToSlash(name))
		return err != nil || !ok
	})
}

// runOnInputs has the root module's tests of variables run on them alone.
func runOnInputs(files map[string][]byte) error {
	for _, name := range testsOf(files) {
		content, err := tftest.OnInputs(name, files[name])
		if err != nil {
			return err
		}
		files[name] = content
	}
	return nil
}
