package cloudwatch

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// points makes data points of a text: X breaches, 0 does not, - is missing.
func points(text string) []*float64 {
	list := make([]*float64, 0, len(text))
	for _, c := range text {
		switch c {
		case 'X':
			list = append(list, ptr(5))
		case '0':
			list = append(list, ptr(0))
		default:
			list = append(list, nil)
		}
	}
	return list
}

func ptr(n float64) *float64 { return &n }

// TestMissingData holds the evaluation against the tables in CloudWatch's
// documentation.
func TestMissingData(t *testing.T) {
	t.Parallel()
	const retain = ""
	tests := []struct {
		points                                   string
		toAlarm                                  int32 // of 3
		missing, ignore, breaching, notBreaching string
	}{
		{"0-X-X", 3, stateOK, stateOK, stateOK, stateOK},
		{"----0", 3, stateOK, stateOK, stateOK, stateOK},
		{"-----", 3, stateInsufficient, retain, stateAlarm, stateOK},
		{"0XX-X", 3, stateAlarm, stateAlarm, stateAlarm, stateAlarm},
		{"--X--", 3, stateAlarm, retain, stateAlarm, stateOK},
		{"0-X-X", 2, stateAlarm, stateAlarm, stateAlarm, stateAlarm},
		{"00X-X", 2, stateAlarm, stateAlarm, stateAlarm, stateAlarm},
		{"0-X--", 2, stateOK, retain, stateAlarm, stateOK},
		{"XXXXX", 3, stateAlarm, stateAlarm, stateAlarm, stateAlarm},
		{"00000", 1, stateOK, stateOK, stateOK, stateOK},
	}
	for _, test := range tests {
		for treatment, want := range map[string]string{
			"": test.missing, "missing": test.missing, "ignore": test.ignore, "breaching": test.breaching, "notBreaching": test.notBreaching,
		} {
			t.Run(test.points+" "+treatment, func(t *testing.T) {
				t.Parallel()
				a := &alarm{alarmSettings: alarmSettings{
					EvaluationPeriods: 3, DatapointsToAlarm: &test.toAlarm, Threshold: ptr(1),
					ComparisonOperator: "GreaterThanThreshold", TreatMissingData: treatment,
				}}
				got, _ := a.judge(points(test.points))
				assert.Equal(t, want, got)
			})
		}
	}
}

func TestComparisons(t *testing.T) {
	t.Parallel()
	for operator, want := range map[string][3]bool{ // of 0, 1 and 2 with the threshold 1
		"GreaterThanThreshold": {false, false, true}, "GreaterThanOrEqualToThreshold": {false, true, true},
		"LessThanThreshold": {true, false, false}, "LessThanOrEqualToThreshold": {true, true, false},
	} {
		a := &alarm{alarmSettings: alarmSettings{ComparisonOperator: operator, Threshold: ptr(1)}}
		assert.Equal(t, want, [3]bool{a.breaches(0), a.breaches(1), a.breaches(2)}, operator)
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	env := environment{
		series: map[string][]*float64{"m1": {ptr(1), nil, ptr(3)}, "m2": {ptr(2), ptr(4), ptr(0)}},
		count:  3,
	}
	missing := (*float64)(nil)
	tests := []struct {
		text string
		want []*float64
	}{
		{"m1 + 2 * 3", []*float64{ptr(7), missing, ptr(9)}},
		{"(m1 + 2) * 3", []*float64{ptr(9), missing, ptr(15)}},
		{"-m2 + 10", []*float64{ptr(8), ptr(6), ptr(10)}},
		{"m1 / m2", []*float64{ptr(0.5), missing, missing}},
		{"FILL(m1, 0)", []*float64{ptr(1), ptr(0), ptr(3)}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			parsed, err := parseExpression(test.text)
			require.NoError(t, err)
			assert.Equal(t, test.want, parsed.evaluate(env))
		})
	}
}

func TestExpressionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1 +", "(1", "1)", "M1 + 1", "SEARCH('x')", "FILL(m1)", "SUM(m1)", "m1 $ 2", "FILL(m1, 0"} {
		_, err := parseExpression(text)
		assert.Error(t, err, text)
	}
}

func FuzzParseExpression(f *testing.F) {
	f.Add("100 * (1 - FILL(m2, 0) / m1)")
	f.Fuzz(func(_ *testing.T, text string) {
		parsed, err := parseExpression(text)
		if err != nil {
			return
		}
		env := environment{series: map[string][]*float64{}, count: 2}
		for _, id := range parsed.ids {
			env.series[id] = make([]*float64, env.count)
		}
		parsed.evaluate(env) // must not panic
	})
}
