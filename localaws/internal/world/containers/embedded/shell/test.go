package shell

import (
	"errors"

	"mvdan.cc/sh/v3/syntax"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/regex"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/tools"
)

// testClause evaluates bash's [[ ]].
func testClause(s *shell, x syntax.TestExpr) (bool, error) {
	switch x := x.(type) {
	case *syntax.Word:
		text, err := literal(s, x)
		return text != "", err
	case *syntax.ParenTest:
		return testClause(s, x.X)
	case *syntax.UnaryTest:
		if x.Op == syntax.TsNot {
			truth, err := testClause(s, x.X)
			return !truth, err
		}
		word, ok := x.X.(*syntax.Word)
		if !ok {
			return false, errors.New("unexpected operand in [[")
		}
		text, err := literal(s, word)
		if err != nil {
			return false, err
		}
		if x.Op == syntax.TsVarSet {
			return s.vars[text].IsSet(), nil
		}
		return tools.TestUnary(s.p, x.Op.String(), text)
	case *syntax.BinaryTest:
		return binaryTest(s, x)
	}
	return false, errors.New("unexpected expression in [[")
}

func binaryTest(s *shell, x *syntax.BinaryTest) (bool, error) {
	if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
		truth, err := testClause(s, x.X)
		if err != nil || truth == (x.Op == syntax.OrTest) {
			return truth, err
		}
		return testClause(s, x.Y)
	}
	left, okLeft := x.X.(*syntax.Word)
	right, okRight := x.Y.(*syntax.Word)
	if !okLeft || !okRight {
		return false, errors.New("unexpected operand in [[")
	}
	text, err := literal(s, left)
	if err != nil {
		return false, err
	}
	switch x.Op {
	case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch:
		matched, err := matchesWord(s, right, text)
		return matched == (x.Op != syntax.TsNoMatch), err
	}
	other, err := literal(s, right)
	if err != nil {
		return false, err
	}
	if x.Op == syntax.TsReMatch {
		compiled, err := regex.Compile(other, regex.Native, false, s.memory.grow)
		if err != nil {
			return false, err
		}
		return compiled.Matches(text)
	}
	return tools.TestBinary(s.p, text, x.Op.String(), other)
}
