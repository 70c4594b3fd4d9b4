package test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/gotest"
	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
)

// block is a block of code in a Markdown file.
type block struct {
	at       string // file:line
	language string
	text     string
}

// readmes are the files whose blocks callers copy.
func readmes(t *testing.T) []string {
	t.Helper()
	paths, err := fs.Glob(os.DirFS(".."), "examples/*/README.md")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return append([]string{"README.md", "examples/README.md"}, paths...)
}

// blocksOf lists the blocks of a Markdown file.
func blocksOf(t *testing.T, path string) []block {
	t.Helper()
	var blocks []block
	open := false
	for i, line := range strings.Split(read(t, path), "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			blocks = append(blocks, block{at: fmt.Sprintf("%s:%d", path, i+1), language: language})
			open = true
		case fence:
			open = false
		case open:
			blocks[len(blocks)-1].text += line + "\n"
		}
	}
	require.False(t, open, "%s ends within a block", path)
	return blocks
}

// command is one of a shell block.
type command struct {
	at      string
	script  string
	prints  string // what stands behind its last #
	fromVPC bool   // only there it works: a comment before it says so
}

// shown are the programs whose commands TestExamples runs.
var shown = []string{"curl", "printf", "aws"}

// program is what the command runs first.
func (c command) program() string { return strings.Fields(c.script)[0] }

var comment = regexp.MustCompile(`\s+# (.+)$`)

// commands takes a shell block apart. A command goes on behind a \, behind a |, and
// within quotes.
func (b block) commands(t *testing.T) []command {
	t.Helper()
	var commands []command
	var script []string
	fromVPC := false
	for line := range strings.Lines(b.text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			fromVPC = line == "# From the VPC."
			continue
		}
		prints := ""
		if match := comment.FindStringSubmatch(line); match != nil {
			line, prints = strings.TrimSuffix(line, match[0]), match[1]
		}
		script = append(script, line)
		whole := strings.Join(script, "\n")
		if strings.HasSuffix(line, `\`) || strings.HasSuffix(line, "|") || strings.Count(whole, "'")%2 == 1 {
			continue
		}
		commands = append(commands, command{at: b.at, script: whole, prints: prints, fromVPC: fromVPC})
		script = nil
	}
	require.Empty(t, script, "%s: the last command does not end", b.at)
	return commands
}

// TestDocumentation checks each block of the README and of the examples' as far as that
// needs no cloud; the rest does TestExamples.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	release, err := packaging.NewestRelease(read(t, "CHANGELOG.md"))
	require.NoError(t, err)
	for _, path := range readmes(t) {
		for _, b := range blocksOf(t, path) {
			switch b.language {
			case "hcl":
				checkHCL(t, b, release)
			case "sh":
				for _, c := range b.commands(t) {
					checkCommand(t, c)
				}
			default:
				assert.Equal(t, "text", b.language, "%s: only blocks of hcl and sh are tested", b.at)
			}
		}
	}
}

// TestCommandsOfMaintainers checks that what the pages for maintainers have them run is
// there: targets of make, and tests. localaws's own commands are run by its TestREADME.
func TestCommandsOfMaintainers(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	for _, path := range []string{"CONTRIBUTING.md", "test/README.md"} {
		text := read(t, path)
		for _, match := range makeTarget.FindAllStringSubmatch(text, -1) {
			assert.True(t, strings.Contains(makefile, "\n"+match[1]+":"), "%s: the Makefile has no target %s", path, match[1])
		}
		for _, match := range goTest.FindAllStringSubmatch(text, -1) {
			pattern := strings.Trim(match[2], "'`")
			assert.NoError(t, gotest.CheckPattern(pattern, filepath.Join("..", match[1])), "%s: go test %s -run %s", path, match[1], pattern)
		}
	}
}

var (
	makeTarget = regexp.MustCompile("(?m)(?:`|^| )make (?:-s )?([a-z][a-z-]+)(?:`|$| +#| [A-Z_]+=)")
	goTest     = regexp.MustCompile(`go test (\./\S+) -run (\S+)`)
)

// read is a file of the repository.
func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	require.NoError(t, err)
	return string(text)
}

func parseHCL(t *testing.T, at, text string) *hclsyntax.Body {
	t.Helper()
	file, diagnostics := hclsyntax.ParseConfig([]byte(text), at, hcl.InitialPos)
	require.False(t, diagnostics.HasErrors(), "%s: %v", at, diagnostics)
	return file.Body.(*hclsyntax.Body)
}

// oneLine is a text without its line breaks and indents.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// checkHCL: a block is the first example, and that is applied; or how to install the
// newest release; or tests/readme.tftest.hcl plans it.
func checkHCL(t *testing.T, b block, release string) {
	t.Helper()
	body := parseHCL(t, b.at, b.text)
	if len(body.Blocks) == 0 && body.Attributes["source"] == nil {
		assert.True(t, strings.Contains(oneLine(read(t, "tests", "readme.tftest.hcl")), oneLine(b.text)), "%s: no run of tests/readme.tftest.hcl plans this:\n%s", b.at, b.text)
		return
	}
	minor := release[:strings.LastIndexByte(release, '.')]
	assert.True(t, strings.Contains(oneLine(b.text), fmt.Sprintf(`/infrahouse/ecs/aws" version = "~> %s"`, minor)) ||
		strings.Contains(b.text, fmt.Sprintf(`/terraform-aws-ecs.git?ref=v%s"`, release)), "%s: it does not install the newest release, %s:\n%s", b.at, release, b.text)
	if len(body.Blocks) > 0 {
		var files []string
		for _, name := range []string{"terraform.tf", "variables.tf", "main.tf"} {
			files = append(files, read(t, "examples", firstExample, name))
		}
		assert.Equal(t, moduleSource.ReplaceAllString(strings.Join(files, "\n"), ""), moduleSource.ReplaceAllString(b.text, ""),
			"%s: but for its source it is terraform.tf, variables.tf, and main.tf of examples/%s", b.at, firstExample)
	}
}

// checkCommand: TestExamples runs it, or applies what it is about, or make has it.
func checkCommand(t *testing.T, c command) {
	t.Helper()
	target, isMake := strings.CutPrefix(c.script, "make ")
	switch {
	case slices.Contains(shown, c.program()):
	case slices.Contains([]string{"terraform init", "terraform apply", "cp terraform.tfvars.example terraform.tfvars"}, c.script):
	case isMake:
		assert.Contains(t, read(t, "Makefile"), "\n"+target+":", "%s: the Makefile has no such target", c.at)
	default:
		assert.Fail(t, "a command that no test runs", "%s: %s", c.at, c.script)
	}
}
