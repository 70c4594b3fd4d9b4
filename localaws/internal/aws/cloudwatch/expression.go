package cloudwatch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Metric math: numbers, ids of queries, + - * /, parentheses, and FILL.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

// expression is a parsed one, and the ids that it refers to.
type expression struct {
	root node
	ids  []string
}

// node computes a part of an expression.
type node func(environment) value

// environment is what an expression is evaluated in.
type environment struct {
	series map[string][]*float64
	count  int // of windows
}

// value is a number or a series.
type value struct {
	number *float64
	points []*float64
}

func scalar(n float64) value { return value{number: &n} }

// at is the value at a window.
func (v value) at(i int) *float64 {
	if v.points != nil {
		return v.points[i]
	}
	return v.number
}

func (e *expression) evaluate(env environment) []*float64 {
	v := e.root(env)
	points := make([]*float64, env.count)
	for i := range points {
		points[i] = v.at(i)
	}
	return points
}

// parser is a recursive descent over tokens.
type parser struct {
	tokens []string
	at     int
	depth  int
	ids    []string
}

// maxNesting bounds how deep an expression may nest.
const maxNesting = 50

func parseExpression(text string) (*expression, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.tokens) {
		return nil, fmt.Errorf("Syntax Error at '%s'", p.tokens[p.at]) //nolint:staticcheck // CloudWatch's own words
	}
	return &expression{root: root, ids: p.ids}, nil
}

func tokenize(text string) ([]string, error) {
	var tokens []string
	for i := 0; i < len(text); {
		c := text[i]
		end := i + 1
		switch {
		case c == ' ' || c == '\t' || c == '\n':
			i++
			continue
		case isWord(c):
			for end < len(text) && (isWord(text[end]) || text[end] == '.') {
				end++
			}
		case strings.IndexByte("+-*/(),", c) < 0:
			return nil, fmt.Errorf("the character %q has no meaning", c)
		}
		tokens = append(tokens, text[i:end])
		i = end
	}
	return tokens, nil
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.'
}

// operators by their precedence, the loosest first.
var operators = []map[string]func(a, b float64) (float64, bool){
	{
		"+": func(a, b float64) (float64, bool) { return a + b, true },
		"-": func(a, b float64) (float64, bool) { return a - b, true },
	},
	{
		"*": func(a, b float64) (float64, bool) { return a * b, true },
		"/": func(a, b float64) (float64, bool) { return a / b, b != 0 }, // dividing by zero leaves no data point
	},
}

// binary parses operators from a precedence on.
func (p *parser) binary(level int) (node, error) {
	if level == len(operators) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for p.at < len(p.tokens) {
		operator, ok := operators[level][p.tokens[p.at]]
		if !ok {
			break
		}
		p.at++
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		left = combine(left, right, operator)
	}
	return left, nil
}

// combine applies an operator to each pair of points; where one is missing, so
// is the result.
func combine(left, right node, operator func(a, b float64) (float64, bool)) node {
	return func(env environment) value {
		a, b := left(env), right(env)
		pair := func(x, y *float64) *float64 {
			if x == nil || y == nil {
				return nil
			}
			if result, ok := operator(*x, *y); ok {
				return &result
			}
			return nil
		}
		if a.points == nil && b.points == nil {
			return value{number: pair(a.number, b.number)}
		}
		points := make([]*float64, env.count)
		for i := range points {
			points[i] = pair(a.at(i), b.at(i))
		}
		return value{points: points}
	}
}

func (p *parser) next() string {
	if p.at >= len(p.tokens) {
		return ""
	}
	p.at++
	return p.tokens[p.at-1]
}

func (p *parser) expect(want string) error {
	if got := p.next(); got != want {
		return fmt.Errorf("Syntax Error: expected '%s', got '%s'", want, got) //nolint:staticcheck // CloudWatch's own words
	}
	return nil
}

func (p *parser) unary() (node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, fmt.Errorf("it nests deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	token := p.next()
	switch token {
	case "":
		return nil, fmt.Errorf("Syntax Error at the end") //nolint:staticcheck // CloudWatch's own words
	case "-":
		operand, err := p.unary()
		if err != nil {
			return nil, err
		}
		return combine(func(environment) value { return scalar(0) }, operand, operators[0]["-"]), nil
	case "(":
		inner, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	}
	if number, err := strconv.ParseFloat(token, 64); err == nil {
		return func(environment) value { return scalar(number) }, nil
	}
	if p.at < len(p.tokens) && p.tokens[p.at] == "(" {
		p.at++
		if token != "FILL" {
			return nil, fmt.Errorf("localaws does not know the function %s", token)
		}
		return p.fill()
	}
	if !queryID.MatchString(token) {
		return nil, fmt.Errorf("Syntax Error at '%s'", token) //nolint:staticcheck // CloudWatch's own words
	}
	if !slices.Contains(p.ids, token) {
		p.ids = append(p.ids, token)
	}
	return func(env environment) value { return value{points: env.series[token]} }, nil
}

// fill parses FILL(series, number), whose name and opening parenthesis are read: the
// number, where a point is missing.
func (p *parser) fill() (node, error) {
	subject, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	filler, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	return func(env environment) value {
		v, with := subject(env), filler(env)
		points := make([]*float64, env.count)
		for i := range points {
			if points[i] = v.at(i); points[i] == nil {
				points[i] = with.at(i)
			}
		}
		return value{points: points}
	}, p.expect(")")
}
