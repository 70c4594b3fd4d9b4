package tftest

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded reads what Terraform 1.11.4 said, up to a line that holds a text, if
// one is given.
func recorded(t *testing.T, name, until string) *Report {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".jsonl")
	require.NoError(t, err)
	report := &Report{}
	for line := range strings.Lines(string(text)) {
		if until != "" && strings.Contains(line, until) {
			break
		}
		report.Line(line)
	}
	return report
}

func TestReport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		record, until string
		want          []string // lines of the error; none: all is well
	}{
		"all passed": {record: "passed"},
		"a failure is told with its message, and what was skipped after it is not": {record: "failed", want: []string{
			`tests/refusals.tftest.hcl, run "one": Missing expected failure: The checkable object, var.size, was expected to report an error but did not. (tests/refusals.tftest.hcl:18)`,
			`tests/too_small.tftest.hcl, run "minus_one": Invalid value for variable: size -1 must be above 0. This was checked by the validation rule at main.tf:5,3-13. (tests/too_small.tftest.hcl:5)`,
		}},
		"interrupted, for which Terraform's exit status is 0": {record: "interrupted", want: []string{
			`terraform test skipped 1 of 3 runs, first tests/size.tftest.hcl, run "again": it was interrupted, start it again`,
		}},
		"killed between two runs": {record: "passed", until: `\"again\"`, want: []string{
			`terraform test skipped 1 of 3 runs, first tests/size.tftest.hcl, run "again": it was interrupted, start it again`,
		}},
		"killed while it took down": {record: "passed", until: "tearing down", want: []string{
			`terraform test ended without a summary of its 3 runs: it was interrupted, start it again`,
		}},
		"nothing to run": {record: "nothing", want: []string{
			`terraform test ran nothing: there is no run block in the files that it was told to run`,
		}},
		"a configuration that is none": {record: "broken", want: []string{
			`Argument or block definition required: An argument or block definition is required here. (main.tf:1)`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := recorded(t, c.record, c.until).Err()
			if c.want == nil {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, strings.Join(c.want, "\n"))
		})
	}
}

func TestReportTellsFourFailures(t *testing.T) {
	t.Parallel()
	report := &Report{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		report.run("tests/x.tftest.hcl", name).Status = "fail"
	}
	err := report.Err()
	require.Error(t, err)
	assert.Equal(t, 5, len(strings.Split(err.Error(), "\n")), "%s", err)
	assert.ErrorContains(t, err, "\nand 2 more failures")
}
