package progress

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// squeeze makes runs of blanks one, and times 0, so that lines can be compared.
func squeeze(text string) []string {
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = regexp.MustCompile(`\d+ s`).ReplaceAllString(line, "0 s")
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func TestPlainLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := New(&out, Options{})
	network, zone := d.Start("prepare", "network"), d.Start("prepare", "zone")
	network.Detail("%d of %d resources", 1, 23)
	d.Print("note: something")
	network.Done("23 resources")
	zone.Failed("terraform apply: Error")
	d.Close()
	assert.Equal(t, []string{
		"prepare network ...",
		"prepare zone ...",
		"note: something",
		"prepare network 23 resources 0 s done",
		"prepare zone terraform apply: Error 0 s FAILED",
	}, squeeze(out.String()))
	assert.NotContains(t, out.String(), "\x1b", "no control characters")
}

func TestMovingLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	d := New(&out, Options{Moving: true, Width: func() int { return 40 }})
	task := d.Start("deploy", "aws-6")
	other := d.Start("deploy", "aws-5")
	task.Detail("%s", strings.Repeat("x", 100))
	d.Print("above")
	task.Done("67 resources")
	other.Done("67 resources")
	d.Close()
	assert.Contains(t, out.String(), "\x1b[2A\x1b[J", "two moving lines are taken off the screen")
	parts := strings.Split(out.String(), "\x1b[J")
	assert.Equal(t, []string{"deploy aws-5 67 resources 0 s done"}, squeeze(parts[len(parts)-1]), "nothing moves after the end")
	for _, line := range strings.Split(parts[2], "\n")[1:] {
		assert.LessOrEqual(t, len([]rune(line)), 39, "a moving line fits the terminal")
	}
}

func TestOptionsFor(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	none := func(string) string { return "" }
	assert.Equal(t, Options{}, OptionsFor(file, none), "a file is not a terminal")
	device, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { assert.NoError(t, device.Close()) }()
	assert.Equal(t, Options{}, OptionsFor(device, none), "nor is the null device")

	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal to try it on: %v", err)
	}
	defer func() { assert.NoError(t, terminal.Close()) }()
	set := func(name string) func(string) string {
		return func(asked string) string { return map[string]string{name: "1"}[asked] }
	}
	assert.Equal(t, Options{}, OptionsFor(terminal, set("CI")), "CI keeps lines")
	plain := OptionsFor(terminal, set("NO_COLOR"))
	assert.Equal(t, []bool{true, false}, []bool{plain.Moving, plain.Color})
	options := OptionsFor(terminal, none)
	require.Equal(t, []bool{true, true}, []bool{options.Moving, options.Color})
	assert.Equal(t, 100, options.Width(), "before its size is known")
	require.NoError(t, unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 72, Row: 20}))
	assert.Equal(t, 72, options.Width(), "as wide as the terminal is now")
}

// On a narrow terminal the detail gives way, not the seconds.
func TestNarrowLinesKeepTheirSeconds(t *testing.T) {
	t.Parallel()
	for _, width := range []int{60, 80, 200} {
		var out bytes.Buffer
		d := New(&out, Options{Moving: true, Width: func() int { return width }})
		d.Start("deploy", "httpd_extra_tg aws-6").Detail("%s", strings.Repeat("x", 100))
		d.Print("above")
		d.Close()
		_, moving, _ := strings.Cut(out.String(), "above\n")
		line, _, _ := strings.Cut(moving, "\n")
		assert.Regexp(t, `x {1,4}0 s \.\.\.$`, line, "width %d", width)
		assert.Less(t, len(line), width)
	}
}

// Colors are the display's alone: a text that is told again at a run's end
// has none of them without a terminal, or with NO_COLOR.
func TestColorsObeyOptions(t *testing.T) {
	t.Parallel()
	for _, color := range []bool{true, false} {
		var out bytes.Buffer
		d := New(&out, Options{Color: color})
		d.Warn("careful")
		d.Start("deploy", "aws-6").Failed("terraform apply: Error")
		d.Start("deploy", "aws-5").Done("67 resources")
		d.Close()
		assert.Equal(t, color, strings.Contains(out.String(), "\x1b["), "color: %v", color)
	}
}
