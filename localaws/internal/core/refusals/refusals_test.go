package refusals_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
)

const head = "Text.\n\n| operations | members or errors | rule | state | where |\n| --- | --- | --- | --- | --- |\n"

func TestFaultsInAWSsWords(t *testing.T) {
	t.Parallel()
	table, err := refusals.Parse(head +
		"| Put | `Size` | `required; 1 to 9` | enforced | TestRulesOfTheTable |\n" +
		"| Put, Get | `Tags[].Key` | `to 2 characters; matches (a\\|b)*` | enforced | TestRulesOfTheTable |\n" +
		"| * | `Name` | of any kind | enforced | TestNames |\n")
	require.NoError(t, err)
	require.Len(t, table.Rows, 3)
	good := map[string]any{"size": "9", "Name": "", "tags": map[string]any{"member": map[string]any{"1": map[string]any{"Key": "ab"}}}}
	assert.Empty(t, table.Check("Put", good))
	assert.Empty(t, table.Check("Delete", nil), "an operation without rules")
	bad := map[string]any{"tags": []any{map[string]any{"key": "b"}, map[string]any{"key": "abc"}}}
	assert.Equal(t, "3 validation errors detected: Value null at 'size' failed to satisfy constraint: Member must not be null; "+
		"Value 'abc' at 'tags.2.member.key' failed to satisfy constraint: Member must have length less than or equal to 2; "+
		"Value 'abc' at 'tags.2.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: (a|b)*",
		refusals.Message(table.Check("Put", bad)))
	assert.Equal(t, "1 validation error detected: Value '10' at 'size' failed to satisfy constraint: Member must have value less than or equal to 9",
		refusals.Message(table.Check("Put", map[string]any{"Size": 10})))
}

func TestExpressionsOfJava(t *testing.T) {
	t.Parallel()
	for expression, texts := range map[string]struct{ good, bad string }{
		`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*`: {"a b\n\u00e9\U0001F600", "\x01"},
		`[\u0020-\u007E\u10000-\u10FFFF]+`:                             {"a\U0001F600", "\u00e9"},
		`\p{Print}+`:                                                   {"a b~", "a\nb"},
		`(\u002F)|a;b`:                                                 {"a;b", "a"},
	} {
		rule, err := refusals.ParseRule("required; 1 to 9 characters; matches " + expression)
		require.NoError(t, err)
		assert.Regexp(t, rule.Pattern, texts.good, expression)
		assert.NotRegexp(t, rule.Pattern, texts.bad, expression)
		assert.Equal(t, expression, rule.Expression, "what AWS says")
		assert.Equal(t, 9, *rule.High)
	}
	_, err := refusals.ParseRule("matches (?!a).*")
	assert.ErrorContains(t, err, "invalid or unsupported Perl syntax", "code has to refuse it")
}

func TestTablesThatCantBeRead(t *testing.T) {
	t.Parallel()
	for row, message := range map[string]string{
		"| Put | `Size` | | enforced |":                                               "line 5 has 4 cells, not 5",
		"| Put | `Size` | 1 to 9 | done | TestSize |":                                 "line 5 needs",
		"| Put | | 1 to 9 | enforced | TestSize |":                                    "line 5 needs",
		"| Put | `Size` | 1 to 9 | can't happen | |":                                  "line 5 needs",
		"| Put | `Size` | a few | enforced | TestRulesOfTheTable |":                   `can't enforce the rule "a few"`,
		"| Put | `Size` | matches ( | enforced | TestRulesOfTheTable |":               "missing closing )",
		"| Put | `Size` | `1 to 9 days; required` | enforced | TestRulesOfTheTable |": `can't enforce the rule "1 to 9 days"`,
	} {
		_, err := refusals.Parse(head + row)
		assert.ErrorContains(t, err, message, row)
	}
}
