package efs_test

import (
	"strings"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/efs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestEachOperationHasARow(t *testing.T) {
	t.Parallel()
	wiretest.RefusalsByCode(t, newFixture(t).service.Operations(), efs.Refusals, wiretest.MayMiss)
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tags, groups := object{"Tags": []core.Tag{{Key: "a", Value: "b"}}}, object{"SecurityGroups": []string{"sg-2"}}
	for request, body := range map[string]object{
		"GET /file-systems?FileSystemId=fs-none": nil, "PUT /file-systems/fs-none": {"ThroughputMode": "elastic"}, "DELETE /file-systems/fs-none": nil,
		"GET /file-systems/fs-none/lifecycle-configuration": nil, "PUT /file-systems/fs-none/lifecycle-configuration": {"LifecyclePolicies": []object{}},
		"GET /resource-tags/fs-none": nil, "POST /resource-tags/fs-none": tags, "DELETE /resource-tags/fs-none?tagKeys=a": nil,
	} {
		method, path, _ := strings.Cut(request, " ")
		t.Log(request)
		refused(t, f.call(t, method, path, body, nil), "FileSystemNotFound")
	}
	refused(t, f.mount(t, "fs-none", "subnet-a", nil), "FileSystemNotFound")
	for request, body := range map[string]object{
		"GET /mount-targets?MountTargetId=fsmt-none": nil, "DELETE /mount-targets/fsmt-none": nil,
		"GET /mount-targets/fsmt-none/security-groups": nil, "PUT /mount-targets/fsmt-none/security-groups": groups,
	} {
		method, path, _ := strings.Cut(request, " ")
		t.Log(request)
		refused(t, f.call(t, method, path, body, nil), "MountTargetNotFound")
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, more := range map[string]object{
		"performance": {"PerformanceMode": "fast"}, "throughput": {"ThroughputMode": "fast"}, "provisioned without a number": {"ThroughputMode": "provisioned"},
		"a number without provisioned": {"ProvisionedThroughputInMibps": 1}, "a key without encryption": {"KmsKeyId": "alias/a"}, "backup": {"Backup": true},
	} {
		t.Log(name)
		more["CreationToken"] = "new"
		refused(t, f.call(t, "POST", "/file-systems", more, nil), "BadRequest")
	}
	id := f.create(t, "data")
	refused(t, f.call(t, "POST", "/mount-targets", object{"FileSystemId": id, "SubnetId": "subnet-a", "IpAddressType": "DUAL_STACK"}, nil), "BadRequest")
}
