package ec2

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func FuzzMatches(f *testing.F) {
	f.Add("al2023-*", "al2023-ami")
	f.Add("?", "ü")
	f.Add(`\*`, "*")
	f.Add("*a*a*a*b", "aaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if len(pattern) > 40 || len(value) > 60 {
			return // what wildcards cost grows with their number
		}
		matches(pattern, value)
		if !strings.ContainsAny(pattern, `*?\`) {
			assert.Equal(t, pattern == value, matches(pattern, value))
		}
		assert.True(t, matches("*", value))
	})
}
