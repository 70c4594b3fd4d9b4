package tftest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValues(t *testing.T) {
	t.Parallel()
	script := "#!/bin/sh\n" + strings.Repeat("echo hello\n", 10)
	for name, test := range map[string]struct {
		change string
		want   []Value
	}{
		"scalars": {
			`{"after": {"name": "web", "port": 80, "internal": false, "prefix": null}}`,
			[]Value{{"internal", "false"}, {"name", `"web"`}, {"port", "80"}},
		},
		"a block, an empty one, and none": {
			`{"after": {"rule": [{"id": "old", "filter": [{"prefix": null}], "transition": []}]}}`,
			[]Value{{"rule[0].filter[0]", "{}"}, {"rule[0].id", `"old"`}},
		},
		"known after apply": {
			`{"after": {"load_balancer": [{"port": 80}]}, "after_unknown": {"arn": true, "cluster": true, "load_balancer": [{"arn": true}]}}`,
			[]Value{{"cluster", knownLater}, {"load_balancer[0].arn", knownLater}, {"load_balancer[0].port", "80"}},
		},
		"a JSON document": {
			`{"after": {"policy": "{\"Statement\":[{\"Effect\":\"Deny\"}]}"}}`,
			[]Value{{"policy.Statement[0].Effect", `"Deny"`}},
		},
		"user data": {
			`{"after": {"user_data": "` + base64.StdEncoding.EncodeToString([]byte(script)) + `"}}`,
			[]Value{{"user_data", strings.ReplaceAll(`"`+script+`"`, "\n", `\n`)}},
		},
		"tags in a line": {
			`{"after": {"tags": {"team": "<web>", "service": "web"}}}`,
			[]Value{{"tags", `{"service":"web","team":"<web>"}`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r PlannedResource
			require.NoError(t, json.Unmarshal([]byte(test.change), &r.Change))
			set := func(path string) bool { return path == "cluster" || path == "load_balancer.arn" }
			assert.Equal(t, test.want, r.Values(set))
		})
	}
}
