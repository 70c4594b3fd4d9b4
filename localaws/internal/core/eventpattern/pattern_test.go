package eventpattern_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/eventpattern"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	const event = `{"source":"aws.ecs","detail-type":"ECS Deployment State Change","resources":["arn:a","arn:b"],
		"detail":{"eventName":"SERVICE_DEPLOYMENT_FAILED","count":3,"ip":"10.1.2.3","nothing":null,"empty":[]}}`
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
		{"prefix", `{"source":[{"prefix":"aws."}]}`, true},
		{"suffix", `{"source":[{"suffix":".ecs"}]}`, true},
		{"wildcard", `{"source":[{"wildcard":"a*e?s"}]}`, false},
		{"wildcard that fits", `{"source":[{"wildcard":"a*ecs"}]}`, true},
		{"case", `{"source":[{"equals-ignore-case":"AWS.ECS"}]}`, true},
		{"anything but", `{"source":[{"anything-but":["aws.ec2"]}]}`, true},
		{"anything but this", `{"source":[{"anything-but":"aws.ecs"}]}`, false},
		{"anything but a prefix", `{"source":[{"anything-but":{"prefix":"aws"}}]}`, false},
		{"number", `{"detail":{"count":[3]}}`, true},
		{"numeric range", `{"detail":{"count":[{"numeric":[">",1,"<=",3]}]}}`, true},
		{"numeric out of range", `{"detail":{"count":[{"numeric":[">",3]}]}}`, false},
		{"exists", `{"detail":{"count":[{"exists":true}]}}`, true},
		{"does not exist", `{"detail":{"other":[{"exists":false}]}}`, true},
		{"exists but should not", `{"detail":{"count":[{"exists":false}]}}`, false},
		{"null", `{"detail":{"nothing":[null]}}`, true},
		{"empty array", `{"detail":{"empty":["x"]}}`, false},
		{"cidr", `{"detail":{"ip":[{"cidr":"10.0.0.0/8"}]}}`, true},
		{"or", `{"$or":[{"source":["x"]},{"detail":{"count":[3]}}]}`, true},
		{"or of nothing", `{"$or":[{"source":["x"]},{"source":["y"]}]}`, false},
	}
	var decoded map[string]any
	require.NoError(t, json.Unmarshal([]byte(event), &decoded))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := eventpattern.Parse(test.pattern)
			require.NoError(t, err)
			assert.Equal(t, test.want, p.Match(decoded))
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		``, `{}`, `[]`, `{"a":1}`, `{"a":[]}`, `{"a":{}}`, `{"a":[{"colour":"red"}]}`, `{"a":[{"prefix":1}]}`,
		`{"a":[{"numeric":[">"]}]}`, `{"a":[{"numeric":["~",1]}]}`, `{"a":[{"exists":"yes"}]}`, `{"a":[["b"]]}`, `{"a":[{"cidr":"x"}]}`,
		`{"$or":[1]}`,
	} {
		_, err := eventpattern.Parse(pattern)
		assert.Error(t, err, pattern)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(`{"a":[{"prefix":"b"}]}`, `{"a":"bc"}`)
	f.Fuzz(func(_ *testing.T, pattern, event string) {
		var decoded map[string]any
		p, err := eventpattern.Parse(pattern)
		if err == nil && json.Unmarshal([]byte(event), &decoded) == nil {
			p.Match(decoded) // must not panic
		}
	})
}
