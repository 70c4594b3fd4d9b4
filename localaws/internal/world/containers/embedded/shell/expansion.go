package shell

import (
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/pattern"
	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
)

// The library expands words without asking how long they get. So what it is about
// to hold is charged when it asks for its parts: a variable's value, the output of
// a command, the entries of a directory. Where that doesn't bound the result, as
// with {1..9999999} or ${a//b/c}, it is reckoned up before.

// fields expands words to the fields of a command line.
func fields(s *shell, words ...*syntax.Word) ([]string, error) {
	var all []string
	for _, word := range words {
		if err := reckon(s, word); err != nil {
			return nil, err
		}
		s.memory.grow(bracesCost(word) + literalCost(word))
		s.splitting = splits(word)
		list, err := expand.Fields(config(s), word)
		s.splitting = false
		if err != nil {
			return nil, err
		}
		s.memory.grow(elementCost * len(list))
		all = append(all, list...)
	}
	return all, nil
}

// literal expands a word to one field.
func literal(s *shell, word *syntax.Word) (string, error) {
	if err := reckon(s, word); err != nil {
		return "", err
	}
	return expand.Literal(config(s), word)
}

// document expands a here-document.
func document(s *shell, word *syntax.Word) (string, error) {
	if err := reckon(s, word); err != nil {
		return "", err
	}
	return expand.Document(config(s), word)
}

// config is how words expand at this moment.
func config(s *shell) *expand.Config {
	config := &expand.Config{
		Env: environ{s},
		CmdSubst: func(w io.Writer, c *syntax.CmdSubst) error {
			if output, ok := s.outputs[c]; ok {
				delete(s.outputs, c)
				_, err := io.WriteString(w, output)
				return err
			}
			return substitute(s, w, c)
		},
		ProcSubst: func(*syntax.ProcSubst) (string, error) {
			return "", errors.New("process substitution is not supported by the embedded runtime")
		},
		NoUnset: s.opts.noUnset,
	}
	if !s.opts.noGlob {
		config.ReadDir2 = func(name string) ([]fs.DirEntry, error) { return readDirectory(s, name) }
	}
	return config
}

// readDirectory lists a directory for a wildcard, which keeps the names.
func readDirectory(s *shell, name string) ([]fs.DirEntry, error) {
	if s.ctx.Err() != nil {
		return nil, exitError{137}
	}
	entries, err := s.p.Kernel.Files.ReadDir(s.p.Path(name))
	for _, entry := range entries {
		s.memory.grow(fieldCost + len(name) + len(entry.Name()))
	}
	return entries, err
}

// splits reports whether what stands in a word is split into fields.
func splits(word *syntax.Word) bool {
	for _, part := range word.Parts {
		switch part.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst:
			return true
		}
	}
	return false
}

// splitCost is what the fields of a text take, and the longest wildcard in it.
func splitCost(s *shell, text string) int {
	var separates [256]bool
	for _, c := range []byte(s.get("IFS")) {
		separates[c] = true
	}
	count, longest, length, wildcards := 1, 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case separates[c]:
			count, length, wildcards = count+1, 0, 0
			continue
		case c == '*' || c == '?' || c == '[':
			wildcards++
		}
		if length++; wildcards > 0 {
			longest = max(longest, length*patternCost+wildcards*wildcardCost)
		}
	}
	return count*fieldCost + longest
}

// matchCost is what a compiled pattern takes.
func matchCost(wildcard string) int {
	count := strings.Count(wildcard, "*") + strings.Count(wildcard, "?") + strings.Count(wildcard, "[")
	return len(wildcard)*patternCost + count*wildcardCost
}

// literalCost is what the wildcards in a word itself take.
func literalCost(word *syntax.Word) int {
	cost := 0
	for _, part := range word.Parts {
		if lit, ok := part.(*syntax.Lit); ok && pattern.HasMeta(lit.Value, 0) {
			cost += matchCost(lit.Value)
		}
	}
	return cost
}

// tooMany is more than any kernel may hold.
const tooMany = 1 << 40

// bracesCost is what the words take that {a,b} and {1..9} in a word make.
func bracesCost(word *syntax.Word) int {
	split := *word
	if !syntax.SplitBraces(&split) {
		return 0
	}
	words, parts := countBraces(split.Parts)
	if words == 1 {
		return 0
	}
	size := fieldCost + len(word.Lit()) + elementCost*parts
	return min(words, tooMany/size)*size + parts*parts*elementCost
}

// countBraces counts the words that parts with braces make, and all their parts.
func countBraces(list []syntax.WordPart) (words, parts int) {
	words, parts = 1, len(list)
	for _, part := range list {
		braces, ok := part.(*syntax.BraceExp)
		if !ok {
			continue
		}
		alternatives := 0
		if braces.Sequence {
			alternatives = sequenceLength(braces.Elems)
		} else {
			for _, element := range braces.Elems {
				n, inner := countBraces(element.Parts)
				alternatives, parts = alternatives+n, parts+inner
			}
		}
		words = min(words*min(alternatives, tooMany/words+1), tooMany)
	}
	return words, parts
}

// sequenceLength is how many words {from..to..step} makes.
func sequenceLength(elements []*syntax.Word) int {
	from, err := strconv.Atoi(elements[0].Lit())
	to, err2 := strconv.Atoi(elements[1].Lit())
	if err != nil || err2 != nil {
		return 256 // from one character to another
	}
	step := 1
	if len(elements) > 2 {
		if n, _ := strconv.Atoi(elements[2].Lit()); n != 0 && n > 0 == (from <= to) {
			step = max(n, -n)
		}
	}
	if distance := float64(max(from, to)) - float64(min(from, to)); distance > tooMany {
		return tooMany
	}
	return (max(from, to)-min(from, to))/step + 1
}

// reckon charges what ${a#b}, ${a//b/c} and their like in a word take, which may
// be many times what they are made of.
func reckon(s *shell, word *syntax.Word) error {
	if word == nil {
		return nil
	}
	return reckonParts(s, word.Parts, false)
}

// reckonParts does so for parts of a word. Those that are nested in others need
// not be expanded in the end.
func reckonParts(s *shell, parts []syntax.WordPart, nested bool) (err error) {
	within := func(node syntax.Node) bool {
		if word, ok := node.(*syntax.Word); ok && err == nil {
			err = reckonParts(s, word.Parts, true)
		}
		return err == nil
	}
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.DblQuoted:
			err = reckonParts(s, part.Parts, nested)
		case *syntax.ArithmExp:
			syntax.Walk(part.X, within)
		case *syntax.ParamExp:
			if err = reckonParameter(s, part, nested); err != nil {
				return err
			}
			switch {
			case part.Exp != nil && part.Exp.Word != nil:
				err = reckonParts(s, part.Exp.Word.Parts, true)
			case part.Slice != nil && part.Slice.Offset != nil:
				syntax.Walk(part.Slice.Offset, within)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func reckonParameter(s *shell, e *syntax.ParamExp, nested bool) error {
	var patternWord, with *syntax.Word
	switch {
	case e.Repl != nil:
		patternWord, with = e.Repl.Orig, e.Repl.With
	case e.Exp != nil && e.Exp.Op >= syntax.RemSmallSuffix:
		patternWord = e.Exp.Word
	default:
		return nil
	}
	value := environ{s}.Get(e.Param.Value)
	text := value.String()
	if value.Kind == expand.Indexed {
		text = strings.Join(value.List, " ")
	}
	wildcard, err := foresee(s, patternWord, nested)
	if err != nil {
		return err
	}
	s.memory.grow(8*len(text) + matchCost(wildcard))
	if len(text)*len(wildcard) > maxMatch {
		return regex.ErrTooBig
	}
	if e.Repl == nil || wildcard == "" {
		return nil
	}
	replacement, err := foresee(s, with, nested)
	if err != nil {
		return err
	}
	limit := 1
	if e.Repl.All {
		limit = -1
	}
	matches, err := find(s, wildcard, text, limit)
	s.memory.grow(len(matches) * len(replacement))
	return err
}

// maxMatch is how long a text may be that a pattern is matched with, times the
// pattern's length: nothing ends a match that has begun.
const maxMatch = 1 << 30

// find finds a pattern in a text.
func find(s *shell, wildcard, text string, limit int) ([][]int, error) {
	expression, err := pattern.Regexp(wildcard, 0)
	if err != nil {
		return nil, nil //nolint:nilerr // it is found nowhere
	}
	compiled, err := regex.Compile(expression, regex.Native, false, s.memory.grow)
	if err != nil {
		return nil, err
	}
	return compiled.Find(text, limit, s.memory.grow)
}

// foresee expands a part of a parameter's expansion before the library does. The
// commands in it run now, and the library gets their output.
func foresee(s *shell, word *syntax.Word, nested bool) (string, error) {
	if word == nil {
		return "", nil
	}
	ahead := config(s)
	ahead.CmdSubst = func(w io.Writer, c *syntax.CmdSubst) error {
		if nested {
			return errors.New("$(...) in ${...} within another ${...} is not supported by the embedded runtime")
		}
		var output strings.Builder
		if err := substitute(s, &output, c); err != nil {
			return err
		}
		s.memory.grow(output.Len())
		s.outputs[c] = output.String()
		_, err := io.WriteString(w, output.String())
		return err
	}
	return expand.Pattern(ahead, word)
}
