package sed_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/sed"
)

// free charges nothing.
func free(int) {}

// What scripts make of "one\ntwo\nthree\n"; the expected texts are GNU sed's.
func TestEdit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args string // separated by spaces; _ stands for one
		want string
	}{
		"substitute":           {"s/e/E/", "onE\ntwo\nthrEe\n"},
		"substitute all":       {"s/e/E/g", "onE\ntwo\nthrEE\n"},
		"another delimiter":    {`s|o|/|`, "/ne\ntw/\nthree\n"},
		"an escaped delimiter": {`s/o/\//`, "/ne\ntw/\nthree\n"},
		"a delimiter in []":    {"s/[/o]/x/", "xne\ntwx\nthree\n"},
		"the whole match":      {"s/^t/<&>/", "one\n<t>wo\n<t>hree\n"},
		"groups":               {`s/\(.\)\(.\)/\2\1/`, "noe\nwto\nhtree\n"},
		"extended":             {`-E s/(t)(w|h)+/\2\1/`, "one\nwto\nhtree\n"},
		"-r":                   {`-r s/e+/-/`, "on-\ntwo\nthr-\n"},
		"any case":             {`s/T/x/I`, "one\nxwo\nxhree\n"},
		"one after the other":  {"s/t/T/;s/o/O/", "One\nTwO\nThree\n"},
		"a newline":            {`2s/w/\n/`, "one\nt\no\nthree\n"},
		"quiet and p":          {"-n s/o/0/p", "0ne\ntw0\n"},
		"a line":               {"2d", "one\nthree\n"},
		"the last line":        {"$d", "one\ntwo\n"},
		"a range":              {"1,2d", "three\n"},
		"to the end":           {"2,$d", "one\n"},
		"by pattern":           {"/tw/d", "one\nthree\n"},
		"pattern to pattern":   {"/one/,/two/d", "three\n"},
		"pattern to line":      {"/two/,1d", "one\nthree\n"},
		"two scripts":          {"-e 1d -e s/t/T/", "Two\nThree\n"},
		"anchors":              {"s/e$/!/;s/^o/!/", "!n!\ntwo\nthre!\n"},
		"basic repetition":     {`s/e\{2\}/E/;s/o*n/x/`, "xe\ntwo\nthrE\n"},
		"literal in basic":     {`s/e+/x/;s/(t)/x/`, "one\ntwo\nthree\n"},
		"classes":              {"s/[[:alpha:]]/x/", "xne\nxwo\nxhree\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, arg := range strings.Split(test.args, " ") {
				args = append(args, strings.ReplaceAll(arg, "_", " "))
			}
			command, err := sed.ParseArguments(args, free)
			require.NoError(t, err)
			edited, err := command.Script.Edit("one\ntwo\nthree\n")
			require.NoError(t, err)
			assert.Equal(t, test.want, edited)
		})
	}
}

func TestTheLastNewlineStaysAsItWas(t *testing.T) {
	t.Parallel()
	command, err := sed.ParseArguments([]string{"s/a/b/"}, free)
	require.NoError(t, err)
	for text, want := range map[string]string{"a\na": "b\nb", "": ""} {
		edited, err := command.Script.Edit(text)
		require.NoError(t, err)
		assert.Equal(t, want, edited)
	}
}

func TestInPlace(t *testing.T) {
	t.Parallel()
	command, err := sed.ParseArguments([]string{"-E", "-i", "s/a/b/", "file"}, free)
	require.NoError(t, err)
	assert.True(t, command.InPlace)
	assert.Equal(t, []string{"file"}, command.Files)
	_, err = sed.ParseArguments([]string{"-i", "s/a/b/"}, free)
	require.ErrorContains(t, err, "no input files")
}

// What is not known is refused with its name, never done otherwise.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"s/a/b":     "unterminated `s' command",
		"s/a/b/w f": "the flag `w' of s is not supported",
		"h":         "the command `h' is not supported",
		"N":         "the command `N' is not supported",
		"1,d":       "unexpected `,'",
		"2!d":       "the command `!' is not supported",
		"{p":        "the command `{' is not supported",
		"p}":        "extra characters after command",
		"s/a/b/2":   "the flag `2' of s is not supported",
		`s/a/\U&/`:  "\\U in a replacement is not supported",
		"dp":        "extra characters after command",
		"s//x/":     "an empty regular expression is not supported",
		`s/\(a/b/`:  "invalid regular expression",
		`s/a/\1/`:   "invalid reference \\1",
		"/a":        "unterminated address regex",
		"s/[a/b/":   "unterminated `s' command",
		"3":         "missing command",
	} {
		_, err := sed.ParseArguments([]string{script}, free)
		require.ErrorContains(t, err, want, script)
	}
	_, err := sed.ParseArguments([]string{"-z", "p"}, free)
	require.ErrorContains(t, err, "invalid option -- 'z'")
	_, err = sed.ParseArguments(nil, free)
	require.ErrorContains(t, err, "no script specified")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"s/a/b/g", "1,$s/ab/ba/", "/x/,/y/s|[^/]*|<&>|gp;$d"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(_ *testing.T, script string, extended bool) {
		parsed, err := sed.Parse(script, extended, free)
		if err == nil {
			_, _ = parsed.Edit("one\ntwo\nthree\n")
		}
	})
}
