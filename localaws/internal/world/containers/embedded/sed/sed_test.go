package sed_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/sed"
)

// What scripts make of "one\ntwo\nthree\n"; the expected texts are GNU sed's.
func TestEdit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args string // separated by spaces; _ stands for one
		want string
	}{
		"substitute":             {"s/e/E/", "onE\ntwo\nthrEe\n"},
		"substitute all":         {"s/e/E/g", "onE\ntwo\nthrEE\n"},
		"the second match":       {"s/e/E/2", "one\ntwo\nthreE\n"},
		"another delimiter":      {`s|o|/|`, "/ne\ntw/\nthree\n"},
		"an escaped delimiter":   {`s/o/\//`, "/ne\ntw/\nthree\n"},
		"a delimiter in []":      {"s/[/o]/x/", "xne\ntwx\nthree\n"},
		"the whole match":        {"s/^t/<&>/", "one\n<t>wo\n<t>hree\n"},
		"groups":                 {`s/\(.\)\(.\)/\2\1/`, "noe\nwto\nhtree\n"},
		"extended":               {`-E s/(t)(w|h)+/\2\1/`, "one\nwto\nhtree\n"},
		"-r":                     {`-r s/e+/-/`, "on-\ntwo\nthr-\n"},
		"case":                   {`s/T/x/I;s/.*/\u&/`, "One\nXwo\nXhree\n"},
		"a newline":              {`2s/w/\n/`, "one\nt\no\nthree\n"},
		"quiet and p":            {"-n s/o/0/p", "0ne\ntw0\n"},
		"a line":                 {"2d", "one\nthree\n"},
		"the last line":          {"$d", "one\ntwo\n"},
		"a range":                {"1,2d", "three\n"},
		"to the end":             {"2,$d", "one\n"},
		"by pattern":             {"/tw/d", "one\nthree\n"},
		"another delimiter's":    {`\,tw,d`, "one\nthree\n"},
		"pattern to pattern":     {"/one/,/two/d", "three\n"},
		"pattern to line":        {"/two/,1d", "one\nthree\n"},
		"relative":               {"1,+1d", "three\n"},
		"every second":           {"1~2d", "two\n"},
		"negated":                {"2!d", "two\n"},
		"blocks":                 {"2{s/t/T/;s/o/O/}", "one\nTwO\nthree\n"},
		"two scripts":            {"-e 1d -e s/t/T/", "Two\nThree\n"},
		"append, insert, change": {`-e 1a_after -e 2i_before -e 3c_instead`, "one\nafter\nbefore\ntwo\ninstead\n"},
		"append as in POSIX":     {"1a\\\nafter", "one\nafter\ntwo\nthree\n"},
		"change a range":         {"1,2cgone", "gone\nthree\n"},
		"quit":                   {"2q", "one\ntwo\n"},
		"line numbers":           {"-n $=", "3\n"},
		"next":                   {"n;d", "one\nthree\n"},
		"transliterate":          {"y/eo/EO/", "OnE\ntwO\nthrEE\n"},
		"anchors":                {"s/e$/!/;s/^o/!/", "!n!\ntwo\nthre!\n"},
		"basic repetition":       {`s/e\{2\}/E/;s/o*n/x/`, "xe\ntwo\nthrE\n"},
		"literal in basic":       {`s/e+/x/;s/(t)/x/`, "one\ntwo\nthree\n"},
		"classes":                {"s/[[:alpha:]]/x/2", "oxe\ntxo\ntxree\n"},
		"comments":               {"#_comment\n1d", "two\nthree\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, arg := range strings.Split(test.args, " ") {
				args = append(args, strings.ReplaceAll(arg, "_", " "))
			}
			command, err := sed.ParseArguments(args)
			require.NoError(t, err)
			assert.Equal(t, test.want, command.Script.Edit("one\ntwo\nthree\n"))
		})
	}
}

func TestTheLastNewlineStaysAsItWas(t *testing.T) {
	t.Parallel()
	command, err := sed.ParseArguments([]string{"s/a/b/"})
	require.NoError(t, err)
	assert.Equal(t, "b\nb", command.Script.Edit("a\na"))
	assert.Empty(t, command.Script.Edit(""))
}

func TestInPlace(t *testing.T) {
	t.Parallel()
	for arg, suffix := range map[string]string{"-i": "", "-i.bak": ".bak", "--in-place": "", "--in-place=.orig": ".orig"} {
		command, err := sed.ParseArguments([]string{"-E", arg, "s/a/b/", "file"})
		require.NoError(t, err)
		assert.True(t, command.InPlace, arg)
		assert.Equal(t, suffix, command.Suffix, arg)
		assert.Equal(t, []string{"file"}, command.Files)
	}
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
		"{p":        "unmatched `{'",
		"p}":        "unexpected `}'",
		"dp":        "extra characters after command",
		"s//x/":     "an empty regular expression is not supported",
		`s/\(a/b/`:  "invalid regular expression",
		`s/a/\1/`:   "invalid reference \\1",
		"y/ab/c/":   "different lengths",
		"/a":        "unterminated address regex",
		"s/[a/b/":   "unterminated `s' command",
		"3":         "missing command",
	} {
		_, err := sed.ParseArguments([]string{script})
		require.ErrorContains(t, err, want, script)
	}
	_, err := sed.ParseArguments([]string{"-z", "p"})
	require.ErrorContains(t, err, "invalid option -- 'z'")
	_, err = sed.ParseArguments(nil)
	require.ErrorContains(t, err, "no script specified")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"s/a/b/g", "1,$y/ab/ba/", "/x/,/y/{s|[^/]*|\\U&|2p;n;d}", "1~2!c\\\ntext", "$!{=;q}"} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(_ *testing.T, script string, extended bool) {
		parsed, err := sed.Parse(script, extended)
		if err == nil {
			parsed.Edit("one\ntwo\nthree\n")
		}
	})
}
