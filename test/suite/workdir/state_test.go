package workdir

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTainted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &Deployment{Dir: dir, Record: Record{Fixture: "fixture"}}
	lay(t, d.WorkDir(), map[string]string{StateFile: `{"resources": [
	  {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"status": "tainted"}]},
	  {"mode": "managed", "type": "aws_eip", "name": "this", "instances": [{}]},
	  {"module": "module.httpd.module.pod[0]", "mode": "managed", "type": "aws_route53_record", "name": "caa", "instances": [
	    {"index_key": "web", "status": "tainted"}, {"index_key": "web", "status": "tainted", "deposed": "1a"}, {"index_key": 1, "status": "tainted"}]}
	]}`})
	addresses, err := d.Tainted()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"aws_vpc.this", `module.httpd.module.pod[0].aws_route53_record.caa["web"]`, "module.httpd.module.pod[0].aws_route53_record.caa[1]",
	}, addresses)

	addresses, err = (&Deployment{Dir: t.TempDir()}).Tainted()
	require.NoError(t, err)
	assert.Empty(t, addresses)
}

func TestServiceInState(t *testing.T) {
	t.Parallel()
	d := &Deployment{Dir: t.TempDir(), Record: Record{Fixture: "fixture"}}
	lay(t, d.WorkDir(), map[string]string{StateFile: `{"resources": [
	  {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"attributes": {"id": "vpc-1"}}]},
	  {"module": "module.httpd.module.daemon", "mode": "managed", "type": "aws_ecs_service", "name": "this", "instances": [
	    {"index_key": "logs", "attributes": {"name": "logs", "cluster": "arn:aws:ecs:us-west-2:1:cluster/web", "task_definition": "logs:1"}}]},
	  {"module": "module.httpd", "mode": "managed", "type": "aws_ecs_service", "name": "this", "instances": [
	    {"attributes": {"name": "web", "cluster": "arn:aws:ecs:us-west-2:1:cluster/web", "task_definition": "web:2",
	      "load_balancer": [{"target_group_arn": "arn:extra", "container_name": "web", "container_port": 8081, "elb_name": ""}]}}]}
	]}`})
	service, err := d.Service("web", "web")
	require.NoError(t, err)
	assert.Equal(t, "web:2", service.TaskDefinition)
	require.Len(t, service.LoadBalancers, 1)
	assert.Equal(t, []any{"arn:extra", "web", int32(8081)}, []any{service.LoadBalancers[0].TargetGroupARN, service.LoadBalancers[0].ContainerName, service.LoadBalancers[0].ContainerPort})

	_, err = d.Service("other", "web")
	assert.ErrorContains(t, err, "has 0 services web of cluster other, not one")
	vpcs, err := d.VPCs()
	require.NoError(t, err)
	assert.Equal(t, []string{"vpc-1"}, vpcs)
}
