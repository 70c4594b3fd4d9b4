package cloudwatch

import (
	"fmt"
	"math"
	"strings"
)

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func logical(f func(a, b bool) bool) func(a, b float64) (float64, bool) {
	return func(a, b float64) (float64, bool) { return truth(f(a != 0, b != 0)), true }
}

func compared(f func(a, b float64) bool) func(a, b float64) (float64, bool) {
	return func(a, b float64) (float64, bool) { return truth(f(a, b)), true }
}

func power(a, b float64) (float64, bool) {
	result := math.Pow(a, b)
	return result, !math.IsNaN(result) && !math.IsInf(result, 0)
}

// reducers make one number of several.
var reducers = map[string]func([]float64) float64{
	"SUM": func(list []float64) (total float64) {
		for _, n := range list {
			total += n
		}
		return total
	},
	"AVG": func(list []float64) (total float64) {
		for _, n := range list {
			total += n
		}
		return total / float64(len(list))
	},
	"MIN": func(list []float64) float64 {
		least := list[0]
		for _, n := range list {
			least = math.Min(least, n)
		}
		return least
	},
	"MAX": func(list []float64) float64 {
		most := list[0]
		for _, n := range list {
			most = math.Max(most, n)
		}
		return most
	},
}

// mappers change each number by itself.
var mappers = map[string]func(float64) float64{"ABS": math.Abs, "CEIL": math.Ceil, "FLOOR": math.Floor}

// function parses a call, whose name and opening parenthesis are read.
func (p *parser) function(name string) (node, error) {
	switch name {
	case "METRICS":
		return p.metricsFunction()
	case "FILL":
		return p.fillFunction()
	}
	arguments, err := p.arguments(")")
	if err != nil {
		return nil, err
	}
	need := func(n int) error {
		if len(arguments) != n {
			return fmt.Errorf("%s takes %d arguments, not %d", name, n, len(arguments))
		}
		return nil
	}
	if reduce, ok := reducers[name]; ok {
		return reduced(arguments, reduce), need(1)
	}
	if change, ok := mappers[name]; ok {
		return mapped(arguments, change), need(1)
	}
	switch name {
	case "IF":
		if len(arguments) == 2 {
			return conditional(append(arguments, nothing)), nil
		}
		return conditional(arguments), need(3)
	case "PERIOD":
		return func(env environment) value { return scalar(env.period.Seconds()) }, need(1)
	case "TIME_SERIES":
		return series(arguments), need(1)
	}
	return nil, fmt.Errorf("localaws does not know the function %s", name)
}

func nothing(environment) value { return value{} }

// reduced makes a number of a series, and a series of a list of series.
func reduced(arguments []node, reduce func([]float64) float64) node {
	return func(env environment) value {
		v := arguments[0](env)
		if v.list == nil {
			return value{number: overPresent(v.points, reduce)}
		}
		points := make([]*float64, env.count)
		for i := range points {
			var across []*float64
			for _, one := range v.list {
				across = append(across, one[i])
			}
			points[i] = overPresent(across, reduce)
		}
		return value{points: points}
	}
}

func overPresent(points []*float64, reduce func([]float64) float64) *float64 {
	var present []float64
	for _, p := range points {
		if p != nil {
			present = append(present, *p)
		}
	}
	if len(present) == 0 {
		return nil
	}
	result := reduce(present)
	return &result
}

func mapped(arguments []node, change func(float64) float64) node {
	return func(env environment) value {
		v := arguments[0](env)
		one := func(n *float64) *float64 {
			if n == nil {
				return nil
			}
			changed := change(*n)
			return &changed
		}
		if v.points == nil {
			return value{number: one(v.number)}
		}
		points := make([]*float64, env.count)
		for i := range points {
			points[i] = one(v.points[i])
		}
		return value{points: points}
	}
}

// series makes a series of a number.
func series(arguments []node) node {
	return func(env environment) value {
		v := arguments[0](env)
		points := make([]*float64, env.count)
		for i := range points {
			points[i] = v.at(i)
		}
		return value{points: points}
	}
}

// conditional is IF(condition, then, otherwise).
func conditional(arguments []node) node {
	return func(env environment) value {
		condition, then, otherwise := arguments[0](env), arguments[1](env), arguments[2](env)
		points := make([]*float64, env.count)
		for i := range points {
			switch test := condition.at(i); {
			case test == nil:
			case *test != 0:
				points[i] = then.at(i)
			default:
				points[i] = otherwise.at(i)
			}
		}
		return value{points: points}
	}
}

// metricsFunction is METRICS(), or METRICS("part of an id").
func (p *parser) metricsFunction() (node, error) {
	part := ""
	if p.at < len(p.tokens) && strings.ContainsAny(p.tokens[p.at][:1], `"'`) {
		part = strings.Trim(p.next(), `"'`)
	}
	return func(env environment) value {
		list := [][]*float64{}
		for _, id := range env.metrics {
			if strings.Contains(id, part) {
				list = append(list, env.series[id])
			}
		}
		return value{list: list}
	}, p.expect(")")
}

// fillFunction is FILL(series, number) and FILL(series, REPEAT): the number, or
// the value before, where a point is missing.
func (p *parser) fillFunction() (node, error) {
	subject, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	repeat := p.at < len(p.tokens) && p.tokens[p.at] == "REPEAT"
	filler := node(nothing)
	if repeat {
		p.at++
	} else if filler, err = p.binary(0); err != nil {
		return nil, err
	}
	return func(env environment) value {
		v, with := subject(env), filler(env)
		points := make([]*float64, env.count)
		for i := range points {
			points[i] = v.at(i)
			if points[i] != nil {
				continue
			}
			if points[i] = with.at(i); repeat && i > 0 {
				points[i] = points[i-1]
			}
		}
		return value{points: points}
	}, p.expect(")")
}
