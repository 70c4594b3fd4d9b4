package ssm_test

import (
	"fmt"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ssm"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	code := func(string) string { return "ValidationException" }
	wiretest.Refusals(t, newWorld(t).ssm.Wire(), ssm.Refusals, code, wiretest.MayMiss)
}

func TestMembersThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(t, "PutParameter", in{"Name": "has", "Value": "1", "Type": "String"})
	tag := []in{{"Key": "a", "Value": "b"}}
	var many []in
	for i := range 51 {
		many = append(many, in{"Key": fmt.Sprint("key", i), "Value": "v"})
	}
	of := func(kind, id string, more in) in {
		more["ResourceType"], more["ResourceId"] = kind, id
		return more
	}
	for _, c := range []struct {
		operation string
		request   in
		code      string
	}{
		{"PutParameter", in{"Name": "a", "Value": "x", "Type": "String", "DataType": "number"}, "ValidationException"},
		{"PutParameter", in{"Name": "has", "Value": "x", "Overwrite": true, "Tags": tag}, "ValidationException"},
		{"PutParameter", in{"Name": "a", "Value": "x", "Type": "String", "Tags": many}, "TooManyTagsError"},
		{"DeleteParameter", in{"Name": "none"}, "ParameterNotFound"},
		{"AddTagsToResource", of("Parameter", "has", in{"Tags": many}), "TooManyTagsError"},
		{"AddTagsToResource", of("Parameter", "none", in{"Tags": tag}), "InvalidResourceId"},
		{"AddTagsToResource", of("Document", "has", in{"Tags": tag}), "InvalidResourceType"},
		{"ListTagsForResource", of("Parameter", "none", in{}), "InvalidResourceId"},
		{"ListTagsForResource", of("Document", "has", in{}), "InvalidResourceType"},
		{"RemoveTagsFromResource", of("Parameter", "none", in{"TagKeys": []string{"a"}}), "InvalidResourceId"},
		{"RemoveTagsFromResource", of("Document", "has", in{"TagKeys": []string{"a"}}), "InvalidResourceType"},
	} {
		_, reply := w.call(t, c.operation, c.request)
		t.Log(c.operation, c.request)
		reply.Refused(t, c.code)
	}
}
