package ec2

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func FuzzMatches(f *testing.F) {
	f.Add("al2023-*", "al2023-ami")
	f.Add("?", "ü")
	f.Add(`\*`, "*")
	f.Add(strings.Repeat("*a", 50)+"b", strings.Repeat("a", 1000)) // quick all the same
	f.Fuzz(func(t *testing.T, pattern, value string) {
		matches(pattern, value)
		if !strings.ContainsAny(pattern, `*?\`) && utf8.ValidString(pattern) && utf8.ValidString(value) {
			assert.Equal(t, pattern == value, matches(pattern, value))
		}
		assert.True(t, matches("*", value))
	})
}
