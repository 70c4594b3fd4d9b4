package tftest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = `variable "size" {
  type = number

  validation {
    condition     = var.size > 0
    error_message = "small"
  }

  validation {
    condition     = var.size < 9
    error_message = "large"
  }
}

resource "terraform_data" "validations" {
  lifecycle {
    precondition {
      condition     = var.size != 5
      error_message = "five"
    }

    postcondition {
      condition     = var.size != 6
      error_message = "six"
    }
  }
}

check "odd" {
  assert {
    condition     = var.size % 2 == 1
    error_message = "even"
  }
}

output "size" {
  value = var.size

  precondition {
    condition     = var.size != 7
    error_message = "seven"
  }
}
`

const lists = `locals {
  other = concat([1], [2])
  late_faults = concat(
    [for n in [var.size] : "late" if n == 4],
  )
  faults = concat(
    # Why.
    [
      for n in [var.size] : "${n} is one"
      if n == 1
    ],
    flatten([
      for n in [var.size] : [
        for m in [n] :
        "two" if m == 2
      ]
    ]),
    [],
  )
}
`

func TestRulesOfLists(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "rules.tf"), []byte(lists), 0o600))
	rules, err := Rules(root, ".")
	require.NoError(t, err)
	assert.Equal(t, []Rule{
		{Object: "local.late_faults", File: "rules.tf", First: 4, Last: 4, Condition: "n == 4"},
		{Object: "local.faults", File: "rules.tf", First: 8, Last: 11, Condition: "n == 1"},
		{Object: "local.faults", File: "rules.tf", First: 12, Last: 17, Condition: "m == 2"},
		{Object: "local.faults", File: "rules.tf", First: 18, Last: 18, Condition: "[]"},
	}, rules)
}

func TestWithout(t *testing.T) {
	t.Parallel()
	rule := Rule{Object: "local.faults", File: "rules.tf", First: 8, Last: 11}
	rest, err := Without([]byte(lists), rule)
	require.NoError(t, err)
	assert.NotContains(t, string(rest), "is one")
	assert.Contains(t, string(rest), "# Why.\n    flatten([")

	_, err = Without([]byte("locals {\n  faults = concat([\n  1], [2])\n}\n"), Rule{Object: "local.faults", File: "rules.tf", First: 2, Last: 3})
	require.NoError(t, err, "a whole attribute")
	_, err = Without([]byte("locals {\n  faults = concat([\n  1], [2])\n}\n"), Rule{Object: "local.faults", File: "rules.tf", First: 3, Last: 3})
	require.ErrorContains(t, err, "rules.tf:3: a rule of local.faults: its lines hold something else")
	_, err = Without([]byte(lists), Rule{First: 40, Last: 41})
	require.ErrorContains(t, err, "the file has")
}

var (
	small = Rule{Object: "var.size", File: "main.tf", First: 4, Last: 7, Condition: "var.size > 0"}
	large = Rule{Object: "var.size", File: "main.tf", First: 9, Last: 12, Condition: "var.size < 9"}
	five  = Rule{Object: "terraform_data.validations", File: "main.tf", First: 17, Last: 20, Condition: "var.size != 5"}
	six   = Rule{Object: "terraform_data.validations", File: "main.tf", First: 22, Last: 25, Condition: "var.size != 6"}
	even  = Rule{Object: "check.odd", File: "main.tf", First: 30, Last: 33, Condition: "var.size % 2 == 1"}
	seven = Rule{Object: "output.size", File: "main.tf", First: 39, Last: 42, Condition: "var.size != 7"}
	all   = []Rule{small, large, five, six, even, seven}
)

func TestRules(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	inner := filepath.Join(root, "modules", "a")
	require.NoError(t, os.MkdirAll(inner, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "main.tf"), []byte(module), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(inner, "x.tf"), []byte("variable \"a\" {\n  validation {\n  }\n}\n"), 0o600))
	rules, err := Rules(root, ".", "modules/*")
	require.NoError(t, err)
	assert.Equal(t, append(append([]Rule{}, all...), Rule{Object: "var.a", File: "modules/a/x.tf", First: 2, Last: 3}), rules)
	assert.Equal(t, "main.tf:4: a rule of var.size", rules[0].String())
}

// by is a message of a rule: a variable's is at the value, and tells the rule.
func by(r Rule) Diagnostic {
	d := Diagnostic{Severity: "error"}
	d.Range.Filename, d.Range.Start.Line = r.File, r.First+1
	if r.Object == "var.size" {
		d.Detail = "small\n\nThis was checked by the validation rule at inputs/main.tf:" + map[Rule]string{small: "4", large: "9"}[r] + ",3-13."
		d.Range.Filename, d.Range.Start.Line = "tests/x.tftest.hcl", 30
	}
	return d
}

func TestUndefended(t *testing.T) {
	t.Parallel()
	without := func(gone ...Rule) []Rule {
		left := []Rule{}
		for _, rule := range all {
			if !slices.Contains(gone, rule) {
				left = append(left, rule)
			}
		}
		return left
	}
	for name, c := range map[string]struct {
		broken   []Rule
		expected []string
		want     []Rule
	}{
		"a variable's rule":                         {[]Rule{large}, []string{"var.size"}, without(large)},
		"a precondition":                            {[]Rule{five}, []string{"terraform_data.validations"}, without(five)},
		"a check":                                   {[]Rule{even}, []string{"check.odd"}, without(even)},
		"rules of several objects":                  {[]Rule{small, six, seven}, []string{"var.size", "terraform_data.validations", "output.size"}, without(small, six, seven)},
		"two of one object hide one another":        {[]Rule{five, six}, []string{"terraform_data.validations"}, all},
		"one that the run does not expect":          {[]Rule{even, five}, []string{"check.odd"}, without(even)},
		"a message of something else is not a rule": {[]Rule{{File: "main.tf", First: 90}}, []string{"var.size"}, all},
		"nothing broken":                            {nil, []string{"var.size"}, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := &Run{File: "tests/x.tftest.hcl", Name: "x"}
			for _, rule := range c.broken {
				run.Diagnostics = append(run.Diagnostics, by(rule))
			}
			expectations := map[string]Expectation{run.File: {Run: run.Name, Objects: c.expected}}
			assert.Equal(t, c.want, Undefended(all, &Report{Runs: []*Run{run}}, expectations))
		})
	}
}
