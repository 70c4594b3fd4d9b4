package elbv2

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMatcher(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		check HealthCheck
		code  int
		want  bool
	}{
		"one code":           {HealthCheck{HTTPCodes: "200"}, 200, true},
		"another":            {HealthCheck{HTTPCodes: "200"}, 201, false},
		"list":               {HealthCheck{HTTPCodes: "200,202"}, 202, true},
		"not in the list":    {HealthCheck{HTTPCodes: "200,202"}, 201, false},
		"range":              {HealthCheck{HTTPCodes: "200-299"}, 299, true},
		"after the range":    {HealthCheck{HTTPCodes: "200-299"}, 300, false},
		"list with a range":  {HealthCheck{HTTPCodes: "200-299,301"}, 301, true},
		"gRPC unimplemented": {HealthCheck{GRPCCodes: "12"}, 12, true},
		"gRPC OK":            {HealthCheck{GRPCCodes: "12"}, 0, false},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.check.Matches(test.code))
		})
	}
}

func FuzzParseCodes(f *testing.F) {
	for _, seed := range []string{"200", "200,202", "200-299", "", "-", "1-", "9999999999", "200-100"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ranges, ok := parseCodes(text)
		if !ok {
			return
		}
		for _, r := range ranges {
			assert.LessOrEqual(t, r.low, r.high)
		}
	})
}
