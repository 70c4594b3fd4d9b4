package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
)

// planFile is the test file whose plans are recorded, and planFolder has them, a file
// for each of its runs.
const (
	planFile   = "tests/plans.tftest.hcl"
	planFolder = "../tests/plans"
)

// notPlanned are resources in no recorded plan, and which test has them instead.
var notPlanned = map[string]string{
	"aws_security_group_rule.extra_listener_ingress": "TestMoveIn: a service that was made by this module has none",
	"aws_vpc_security_group_egress_rule.moved_in":    "TestMoveIn: a service that was made by this module has none",
}

// checkPlans compares what the module plans with what is recorded, so that each
// argument of each resource is tested: without it, or with another value, a plan is
// another one. TEST_RECORD=1 records the plans anew.
func checkPlans(t *testing.T, configurations *suite.Configurations) {
	t.Helper()
	plans, err := configurations.Plans(planFile)
	require.NoError(t, err)
	require.NotEmpty(t, plans.Texts)
	for run, text := range plans.Texts {
		path := filepath.Join(planFolder, run+".txt")
		if os.Getenv("TEST_RECORD") != "" {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			continue
		}
		recorded, err := os.ReadFile(path)
		require.NoError(t, err, "run `make plans`")
		if changed := difference(string(recorded), text); len(changed) > 0 {
			assert.Fail(t, fmt.Sprintf("run %q of %s plans something else than %s has", run, planFile, path),
				"%s\nif that is meant, run `make plans`, and look at what callers will see change", strings.Join(changed, "\n"))
		}
	}
	for _, a := range plans.Missing {
		if notPlanned[a.Resource] == "" {
			assert.Fail(t, "no run of "+planFile+" plans this argument", "%s", a)
		}
	}
}

// difference lists the lines of one text alone, each with its resource.
func difference(recorded, planned string) []string {
	var lines []string
	before, after := planLines(recorded), planLines(planned)
	for _, line := range before.lines {
		if !after.has[line] {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range after.lines {
		if !before.has[line] {
			lines = append(lines, "+ "+line)
		}
	}
	return lines
}

type linesOfPlan struct {
	lines []string
	has   map[string]bool
}

// planLines names the resource in each line.
func planLines(text string) linesOfPlan {
	l := linesOfPlan{has: map[string]bool{}}
	resource := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if argument, inside := strings.CutPrefix(line, "  "); inside {
			line = resource + ": " + argument
		} else {
			resource = line
		}
		l.lines = append(l.lines, line)
		l.has[line] = true
	}
	return l
}
