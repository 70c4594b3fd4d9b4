package waits

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const graph = `digraph G {
  rankdir = "RL";
  subgraph "cluster_module.httpd" {
    "module.httpd.aws_ecs_cluster.this" [label="aws_ecs_cluster.this"];
  }
  "module.httpd.module.pod.aws_lb.this" -> "aws_subnet.public";
  "aws_subnet.public" -> "aws_vpc.this";
  "module.httpd.module.pod.aws_route53_record.alias" -> "module.httpd.module.pod.aws_lb.this";
  "aws_nat_gateway.this" -> "aws_subnet.public";
  "module.httpd.aws_ecs_cluster_capacity_providers.this" -> "module.httpd.aws_ecs_cluster.this";
}
`

const state = `{"resources": [
  {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"attributes": {"enable_dns_hostnames": true}}]},
  {"mode": "managed", "type": "aws_subnet", "name": "public", "instances": [{"attributes": {"map_public_ip_on_launch": true}}, {"attributes": {}}]},
  {"mode": "managed", "type": "aws_nat_gateway", "name": "this", "instances": [{"attributes": {}}]},
  {"module": "module.httpd.module.pod[0]", "mode": "managed", "type": "aws_lb", "name": "this", "instances": [{"attributes": {}}]},
  {"module": "module.httpd.module.pod[0]", "mode": "managed", "type": "aws_route53_record", "name": "alias", "instances": [{"attributes": {}}]},
  {"module": "module.httpd", "mode": "managed", "type": "aws_ecs_cluster", "name": "this", "instances": [{"attributes": {}}]},
  {"module": "module.httpd", "mode": "managed", "type": "aws_ecs_cluster_capacity_providers", "name": "this", "instances": []},
  {"module": "module.httpd", "mode": "data", "type": "aws_route53_zone", "name": "this", "instances": [{"attributes": {}}]}
]}`

func TestCompute(t *testing.T) {
	t.Parallel()
	create, destroy, err := Compute(graph, []byte(state))
	require.NoError(t, err)
	assert.InDelta(t, 95, create.Seconds, 0.01)
	assert.Equal(t, []string{
		"aws_vpc.this", "aws_subnet.public", "module.httpd.module.pod.aws_lb.this", "module.httpd.module.pod.aws_route53_record.alias",
	}, create.Resources)
	assert.InDelta(t, 15, destroy.Seconds, 0.01)
	assert.Equal(t, []string{"module.httpd.module.pod.aws_route53_record.alias"}, destroy.Resources)
}

func TestComputeWithoutResources(t *testing.T) {
	t.Parallel()
	create, destroy, err := Compute("digraph G {}", []byte(`{"resources": []}`))
	require.NoError(t, err)
	assert.Zero(t, create.Seconds+destroy.Seconds)
	_, _, err = Compute("", []byte("no JSON"))
	assert.Error(t, err)
}
