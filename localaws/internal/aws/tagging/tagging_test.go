package tagging_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/tagging"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const (
	vpc     = "arn:aws:ec2:us-west-2:123456789012:vpc/vpc-1"
	subnet  = "arn:aws:ec2:us-west-2:123456789012:subnet/subnet-1"
	bucket  = "arn:aws:s3:::logs"
	zone    = "arn:aws:route53:::hostedzone/Z1"
	cluster = "arn:aws:ecs:us-west-2:123456789012:cluster/web"
)

// tagged is a service's resources.
type tagged []tags.Tagged

func (t tagged) TaggedResources() []tags.Tagged { return t }

func newServer(t *testing.T) *wiretest.Server {
	t.Helper()
	a, _ := wiretest.NewAccount()
	service := tagging.New(a,
		tagged{
			{ARN: vpc, Tags: tags.Set{"run": "a", "Name": "net"}},
			{ARN: subnet, Tags: tags.Set{}},
		},
		tagged{
			{ARN: bucket, Tags: tags.Set{"run": "b"}},
			{ARN: zone, Tags: tags.Set{"run": "a"}},
			{ARN: cluster, Tags: tags.Set{"Name": "net"}},
		},
	)
	return wiretest.NewServer(t, a, service.Wire())
}

type page struct {
	PaginationToken        *string
	ResourceTagMappingList []struct {
		ResourceARN string
		Tags        []tags.Tag
	}
}

func (p page) arns() []string {
	arns := []string{}
	for _, r := range p.ResourceTagMappingList {
		arns = append(arns, r.ResourceARN)
	}
	return arns
}

func getResources(t *testing.T, server *wiretest.Server, in map[string]any) page {
	t.Helper()
	var out page
	reply := server.JSON(t, "tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", in, nil).OK(t)
	require.NoError(t, json.Unmarshal(reply.Body, &out))
	return out
}

func TestGetResources(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	filter := func(key string, values ...string) map[string]any { return map[string]any{"Key": key, "Values": values} }
	tests := map[string]struct {
		in   map[string]any
		want []string
	}{
		"all that have tags, without the global ones": {map[string]any{}, []string{vpc, cluster, bucket}},
		"a key with any value":                        {map[string]any{"TagFilters": []any{filter("run")}}, []string{vpc, bucket}},
		"a key with one of the values":                {map[string]any{"TagFilters": []any{filter("run", "b", "c")}}, []string{bucket}},
		"two keys":                                    {map[string]any{"TagFilters": []any{filter("run"), filter("Name", "net")}}, []string{vpc}},
		"a service":                                   {map[string]any{"ResourceTypeFilters": []string{"ecs"}}, []string{cluster}},
		"a type":                                      {map[string]any{"ResourceTypeFilters": []string{"ec2:vpc", "s3"}}, []string{vpc, bucket}},
		"another type":                                {map[string]any{"ResourceTypeFilters": []string{"ec2:vp"}}, []string{}},
		"by ARN":                                      {map[string]any{"ResourceARNList": []string{cluster, subnet}}, []string{cluster}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, getResources(t, server, test.in).arns())
		})
	}
}

func TestGetResourcesByPages(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	first := getResources(t, server, map[string]any{"ResourcesPerPage": 2})
	assert.Equal(t, []string{vpc, cluster}, first.arns())
	assert.Equal(t, []tags.Tag{{Key: "Name", Value: "net"}, {Key: "run", Value: "a"}}, first.ResourceTagMappingList[0].Tags)
	last := getResources(t, server, map[string]any{"ResourcesPerPage": 2, "PaginationToken": first.PaginationToken})
	assert.Equal(t, []string{bucket}, last.arns())
	require.NotNil(t, last.PaginationToken)
	assert.Empty(t, *last.PaginationToken)
}

func TestGetResourcesRefuses(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, in := range []map[string]any{
		{"ResourcesPerPage": 101},
		{"TagFilters": []any{map[string]any{"Values": []string{"a"}}}},
		{"ResourceARNList": []string{vpc}, "ResourceTypeFilters": []string{"ec2"}},
	} {
		server.JSON(t, "tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", in, nil).Refused(t, "InvalidParameterException")
	}
	server.JSON(t, "tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", map[string]any{"PaginationToken": "x"}, nil).
		Refused(t, "PaginationTokenExpiredException")
}
