package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The cluster query language,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html:
// expressions such as
//
//	attribute:ecs.instance-type =~ t3.* and not(agentConnected == false)
//
// Subjects are attribute:<name>, ec2InstanceId, agentConnected, agentVersion,
// comparisons are ==, !=, =~, !~, in, !in, exists and
// !exists.

// Expression reports whether an instance fulfils a memberOf constraint.
type Expression func(*Instance) bool

var expressionToken = regexp.MustCompile(`\s*(==|!=|=~|!~|&&|\|\||!in\b|!exists\b|[()\[\],!]|[^\s()\[\],!=~&|]+)`)

// ParseExpression reads an expression; errors say what is wrong with it.
func ParseExpression(text string) (Expression, error) {
	p := &expressionParser{}
	rest := text
	for strings.TrimSpace(rest) != "" {
		match := expressionToken.FindStringSubmatchIndex(rest)
		if match == nil || match[0] != 0 {
			return nil, fmt.Errorf("unexpected %q", strings.TrimSpace(rest))
		}
		p.tokens = append(p.tokens, rest[match[2]:match[3]])
		rest = rest[match[1]:]
	}
	if len(p.tokens) == 0 {
		return nil, errors.New("it is empty")
	}
	matches, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, fmt.Errorf("unexpected %q", p.peek())
	}
	return matches, nil
}

type expressionParser struct {
	tokens []string
}

func (p *expressionParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *expressionParser) next() string {
	token := p.peek()
	if token != "" {
		p.tokens = p.tokens[1:]
	}
	return token
}

// accept takes the next token if it is one of the words.
func (p *expressionParser) accept(words ...string) bool {
	if slices.Contains(words, strings.ToLower(p.peek())) {
		p.next()
		return true
	}
	return false
}

func (p *expressionParser) or() (Expression, error) {
	left, err := p.and()
	for err == nil && p.accept("or", "||") {
		var right Expression
		if right, err = p.and(); err == nil {
			a, b := left, right
			left = func(i *Instance) bool { return a(i) || b(i) }
		}
	}
	return left, err
}

func (p *expressionParser) and() (Expression, error) {
	left, err := p.not()
	for err == nil && p.accept("and", "&&") {
		var right Expression
		if right, err = p.not(); err == nil {
			a, b := left, right
			left = func(i *Instance) bool { return a(i) && b(i) }
		}
	}
	return left, err
}

func (p *expressionParser) not() (Expression, error) {
	if p.accept("not", "!") {
		inner, err := p.not()
		if err != nil {
			return nil, err
		}
		return func(i *Instance) bool { return !inner(i) }, nil
	}
	if p.accept("(") {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.accept(")") {
			return nil, errors.New("a closing parenthesis is missing")
		}
		return inner, nil
	}
	return p.comparison()
}

func (p *expressionParser) comparison() (Expression, error) {
	subject, err := p.subject(p.next())
	if err != nil {
		return nil, err
	}
	operator := strings.ToLower(p.next())
	switch operator {
	case "exists", "!exists":
		return func(i *Instance) bool {
			_, has := subject(i)
			return has == (operator == "exists")
		}, nil
	case "==", "equals", "!=", "not_equals":
		wanted := p.next()
		return func(i *Instance) bool {
			value, has := subject(i)
			return has && (value == wanted) == (operator == "==" || operator == "equals")
		}, nil
	case "=~", "matches", "!~", "not_matches":
		pattern, err := regexp.Compile("^(?:" + p.next() + ")$")
		if err != nil {
			return nil, err
		}
		return func(i *Instance) bool {
			value, has := subject(i)
			return has && pattern.MatchString(value) == (operator == "=~" || operator == "matches")
		}, nil
	case "in", "!in", "not_in":
		values, err := p.values()
		if err != nil {
			return nil, err
		}
		return func(i *Instance) bool {
			value, has := subject(i)
			return has && slices.Contains(values, value) == (operator == "in")
		}, nil
	}
	return nil, fmt.Errorf("operator %q is not one of == != =~ !~ in !in exists !exists", operator)
}

func (p *expressionParser) values() ([]string, error) {
	if !p.accept("[") {
		return nil, errors.New("a list in brackets is missing")
	}
	var values []string
	for {
		switch token := p.next(); token {
		case "]":
			return values, nil
		case ",":
		case "":
			return nil, errors.New("a closing bracket is missing")
		default:
			values = append(values, token)
		}
	}
}

// subject is how to read what an expression compares.
func (p *expressionParser) subject(name string) (func(*Instance) (string, bool), error) {
	if attribute, ok := strings.CutPrefix(name, "attribute:"); ok && attribute != "" {
		return func(i *Instance) (string, bool) {
			value, has := i.Attributes[attribute]
			return value, has
		}, nil
	}
	switch name {
	case "ec2InstanceId":
		return func(i *Instance) (string, bool) { return i.EC2ID, true }, nil
	case "agentConnected":
		return func(i *Instance) (string, bool) { return fmt.Sprint(i.Connected), true }, nil
	case "agentVersion":
		return func(i *Instance) (string, bool) { return i.AgentVersion, true }, nil
	}
	return nil, fmt.Errorf("subject %q is not attribute:<name>, ec2InstanceId, agentConnected or agentVersion", name)
}
