package events

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	const event = `{"source":"aws.ecs","detail-type":"ECS Deployment State Change","resources":["arn:a","arn:b"],
		"detail":{"eventName":"SERVICE_DEPLOYMENT_FAILED","count":3,"nothing":null,"empty":[],"deep":[{}]}}`
	tests := []struct {
		name, pattern string
		want          bool
	}{
		{"a value", `{"source":["aws.ecs"]}`, true},
		{"one of two values", `{"source":["aws.ec2","aws.ecs"]}`, true},
		{"another value", `{"source":["aws.ec2"]}`, false},
		{"all members", `{"source":["aws.ecs"],"detail-type":["Other"]}`, false},
		{"nested", `{"detail":{"eventName":["SERVICE_DEPLOYMENT_FAILED"]}}`, true},
		{"nested that is missing", `{"other":{"eventName":["x"]}}`, false},
		{"an element of an array", `{"resources":["arn:b"]}`, true},
		{"number", `{"detail":{"count":[3]}}`, true},
		{"null", `{"detail":{"nothing":[null]}}`, true},
		{"null that is missing", `{"detail":{"missing":[null]}}`, false},
		{"empty array", `{"detail":{"empty":["x"]}}`, false},
		{"array of objects", `{"detail":{"deep":["x"]}}`, false},
	}
	var decoded map[string]any
	require.NoError(t, json.Unmarshal([]byte(event), &decoded))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := parsePattern(test.pattern)
			require.NoError(t, err)
			assert.Equal(t, test.want, p.match(decoded))
		})
	}
}

func TestPatternsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `[]`, `{"a":1}`, `{"a":[]}`, `{"a":{}}`, `{"a":[{"prefix":"b"}]}`, `{"a":[["b"]]}`, `{"$or":[{"a":["b"]}]}`,
	} {
		_, err := parsePattern(text)
		assert.Error(t, err, text)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(`{"a":["b"]}`, `{"a":"bc"}`)
	f.Fuzz(func(_ *testing.T, text, event string) {
		var decoded map[string]any
		p, err := parsePattern(text)
		if err == nil && json.Unmarshal([]byte(event), &decoded) == nil {
			p.match(decoded) // must not panic
		}
	})
}
