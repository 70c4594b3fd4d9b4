package regex

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// Bounds of an expression: nothing ends a match that has begun, so what would run
// for minutes is refused.
const (
	maxPattern = 32 << 10 // its length, in bytes
	maxSteps   = 20_000   // what {1000} and the like make of it
	maxWork    = 4 << 30  // its steps times the bytes of a text

	parsedCost = 256 // what a byte of a pattern takes
	stepCost   = 256 // what a step takes, compiled
)

// ErrTooBig says that an expression is too long, also for the text.
var ErrTooBig = errors.New("Regular expression too big") //nolint:staticcheck // as GNU's tools say it

// Expression is a compiled expression.
type Expression struct {
	compiled *regexp.Regexp
	steps    int
}

// Groups is how many groups it has.
func (e *Expression) Groups() int { return e.compiled.NumSubexp() }

// Matches reports whether something in a text matches.
func (e *Expression) Matches(text string) (bool, error) {
	if e.steps*len(text) > maxWork {
		return false, ErrTooBig
	}
	return e.compiled.MatchString(text), nil
}

// Find finds where a text matches, at limit places at most or everywhere if that
// is negative, as regexp.FindAllStringSubmatchIndex does. grow is told what is
// about to be allocated, in bytes.
func (e *Expression) Find(text string, limit int, grow func(bytes int)) ([][]int, error) {
	if e.steps*len(text) > maxWork {
		return nil, ErrTooBig
	}
	for n := 16; ; n *= 4 {
		if limit >= 0 {
			n = min(n, limit)
		}
		grow(n * (24 + 16*(e.Groups()+1)))
		found := e.compiled.FindAllStringSubmatchIndex(text, n)
		if len(found) < n || n == limit {
			return found, nil
		}
	}
}

// count counts the steps of an expression, which repetitions multiply.
func count(expression string) (int, error) {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return 0, err
	}
	return steps(parsed), nil
}

func steps(e *syntax.Regexp) int {
	sum := 1 + len(e.Rune)/4
	if e.Op == syntax.OpLiteral {
		sum = len(e.Rune)
	}
	for _, sub := range e.Sub {
		sum += steps(sub)
	}
	if e.Op == syntax.OpRepeat {
		sum *= max(e.Min+1, e.Max)
	}
	return min(sum, maxSteps+1)
}
