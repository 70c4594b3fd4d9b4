package ec2_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// TestNoRequestCrashesIt sends every operation nothing, ids of nothing and a
// parameter that it can't know: each answers or refuses as AWS does, never with
// a fault of ours.
func TestNoRequestCrashesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.network(t, "10.1.0.0/16")
	for _, operation := range w.ec2.Wire().Operations {
		t.Run(operation.Name, func(t *testing.T) {
			t.Parallel()
			for _, parameters := range [][]string{nil, {"Nonsense", "1"}, {"Filter.1.Name", "nonsense", "Filter.1.Value.1", "x"}, {"VpcId", "vpc-0"}, {"GroupId", "sg-0"}} {
				reply := w.call(t, operation.Name, parameters...)
				assert.NotEqual(t, "InternalFailure", reply.Code, "%v: %s", parameters, reply.Message)
				assert.Less(t, reply.Status, http.StatusInternalServerError)
				if len(parameters) > 0 && parameters[0] == "Nonsense" {
					assert.Equal(t, "UnsupportedParameter", reply.Code)
					assert.Contains(t, reply.Message, "Nonsense")
				}
			}
		})
	}
}

func TestFiltersAndPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	w.call(t, "CreateTags", "ResourceId.1", n.public, "ResourceId.2", n.private, "Tag.1.Key", "Name", "Tag.1.Value", "web-1", "Tag.2.Key", "tier", "Tag.2.Value", "").OK(t)
	w.call(t, "CreateTags", "ResourceId.1", n.private, "Tag.1.Key", "Name", "Tag.1.Value", "db*1").OK(t)
	both := []string{n.public, n.private}
	slices.Sort(both)

	for name, c := range map[string]struct {
		filter []string
		want   []string
	}{
		"no filter":               {nil, both},
		"an id":                   {[]string{"SubnetId.1", n.public}, []string{n.public}},
		"an attribute":            {[]string{"Filter.1.Name", "availability-zone", "Filter.1.Value.1", "us-west-2b"}, []string{n.private}},
		"one of several values":   {[]string{"Filter.1.Name", "cidr-block", "Filter.1.Value.1", "10.1.0.0/24", "Filter.1.Value.2", "10.1.1.0/24"}, both},
		"two filters":             {[]string{"Filter.1.Name", "vpc-id", "Filter.1.Value.1", n.vpc, "Filter.2.Name", "map-public-ip-on-launch", "Filter.2.Value.1", "true"}, []string{n.public}},
		"a tag":                   {[]string{"Filter.1.Name", "tag:Name", "Filter.1.Value.1", "web-1"}, []string{n.public}},
		"a tag with a wildcard":   {[]string{"Filter.1.Name", "tag:Name", "Filter.1.Value.1", "w?b-*"}, []string{n.public}},
		"a wildcard that is none": {[]string{"Filter.1.Name", "tag:Name", "Filter.1.Value.1", `db\*1`}, []string{n.private}},
		"an empty tag":            {[]string{"Filter.1.Name", "tag:tier", "Filter.1.Value.1", ""}, both},
		"a tag's key":             {[]string{"Filter.1.Name", "tag-key", "Filter.1.Value.1", "ti*"}, both},
		"an older name":           {[]string{"Filter.1.Name", "cidr", "Filter.1.Value.1", "10.1.0.0/24"}, []string{n.public}},
		"another older name":      {[]string{"Filter.1.Name", "cidrBlock", "Filter.1.Value.1", "10.1.0.0/24"}, []string{n.public}},
		"an older name of zones":  {[]string{"Filter.1.Name", "availabilityZone", "Filter.1.Value.1", "us-west-2b"}, []string{n.private}},
		"no rehearsal":            {[]string{"DryRun", "false"}, both},
		"nothing that fits":       {[]string{"Filter.1.Name", "tag:Name", "Filter.1.Value.1", "WEB-1"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, w.list(t, "subnetId", "DescribeSubnets", c.filter...))
		})
	}
	t.Run("an unknown filter is named", func(t *testing.T) {
		t.Parallel()
		assert.Contains(t, w.call(t, "DescribeSubnets", "Filter.1.Name", "colour", "Filter.1.Value.1", "red").Refused(t, "InvalidParameterValue").Message, "'colour'")
	})
	t.Run("pages", func(t *testing.T) {
		t.Parallel()
		first := w.call(t, "DescribeSubnets", "MaxResults", "1").OK(t)
		token := texts(t, first.Body, "nextToken")
		require.Len(t, token, 1)
		second := w.call(t, "DescribeSubnets", "MaxResults", "1", "NextToken", token[0]).OK(t)
		assert.Equal(t, both, append(texts(t, first.Body, "subnetId"), texts(t, second.Body, "subnetId")...))
		assert.Empty(t, texts(t, second.Body, "nextToken"))
		w.call(t, "DescribeSubnets", "NextToken", "§").Refused(t, "InvalidNextToken")
		w.call(t, "DescribeSubnets", "MaxResults", "0").Refused(t, "InvalidParameterValue")
	})
}

// A rehearsal says what a request would meet, and leaves nothing behind.
func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, call := range [][]string{{"CreateVpc", "CidrBlock", "10.1.0.0/16"}, {"DescribeVpcs"}} {
		reply := w.call(t, call[0], append(call[1:], "DryRun", "true")...).Refused(t, "DryRunOperation")
		assert.Equal(t, http.StatusPreconditionFailed, reply.Status)
		assert.Equal(t, "Request would have succeeded, but DryRun flag is set.", reply.Message)
	}
	assert.Empty(t, w.list(t, "vpcId", "DescribeVpcs"))
	w.call(t, "CreateVpc", "CidrBlock", "10.1.0.0/8", "DryRun", "true").Refused(t, "InvalidVpc.Range")
	w.call(t, "CreateVpc", "CidrBlock", "10.1.0.0/16", "DryRun", "maybe").Refused(t, "SerializationException")
}

func TestTagsOfAllKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.network(t, "10.1.0.0/16")
	group := w.group(t, n.vpc, "web")
	ids := []string{
		n.vpc, n.public, n.gateway, n.publicTable, group,
		w.get(t, "securityGroupRuleId", "DescribeSecurityGroupRules", "Filter.1.Name", "group-id", "Filter.1.Value.1", group),
		w.get(t, "allocationId", "AllocateAddress"), w.template(t), w.createInterface(t, n.public, false),
		w.get(t, "networkAclId", "DescribeNetworkAcls"),
	}
	var create []string
	for i, id := range ids {
		create = append(create, fmt.Sprintf("ResourceId.%d", i+1), id)
	}
	w.call(t, "CreateTags", append(create, "Tag.1.Key", "a", "Tag.1.Value", "1", "Tag.2.Key", "b", "Tag.2.Value", "2")...).OK(t)
	assert.ElementsMatch(t, ids, w.list(t, "resourceId", "DescribeTags", "Filter.1.Name", "key", "Filter.1.Value.1", "a"))
	assert.Equal(t, []string{"security-group-rule"}, w.list(t, "resourceType", "DescribeTags",
		"Filter.1.Name", "resource-id", "Filter.1.Value.1", ids[5], "Filter.2.Name", "key", "Filter.2.Value.1", "a"))

	w.call(t, "DeleteTags", append(create, "Tag.1.Key", "a", "Tag.1.Value", "other", "Tag.2.Key", "b")...).OK(t)
	assert.Len(t, w.list(t, "resourceId", "DescribeTags", "Filter.1.Name", "key", "Filter.1.Value.1", "a"), len(ids), "their value is another")
	assert.Empty(t, w.list(t, "resourceId", "DescribeTags", "Filter.1.Name", "key", "Filter.1.Value.1", "b"))
	w.call(t, "DeleteTags", create...).OK(t)
	assert.Empty(t, w.list(t, "resourceId", "DescribeTags"))

	many := []string{"ResourceId.1", n.vpc}
	for i := range 51 {
		many = append(many, fmt.Sprintf("Tag.%d.Key", i+1), fmt.Sprint(i))
	}
	w.call(t, "CreateTags", many...).Refused(t, "TagLimitExceeded")
}

func TestMostRecentImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := map[string]struct{ pattern, owner, architecture string }{
		"AL2023":       {"al2023-ami-ecs-hvm-2023.0.*-kernel-6.1-x86_64", "591542846629", "x86_64"},
		"AL2023 arm64": {"al2023-ami-ecs-hvm-*-arm64", "591542846629", "arm64"},
		"AL2023 GPU":   {"al2023-ami-ecs-gpu-hvm-*-x86_64*", "591542846629", "x86_64"},
		"AL2":          {"amzn2-ami-ecs-hvm-2.0.*-x86_64-ebs", "591542846629", "x86_64"},
		"AL2 GPU":      {"amzn2-ami-ecs-gpu-hvm-*", "591542846629", "x86_64"},
		"plain AL2023": {"al2023-ami-2023.*-x86_64", "137112412989", "x86_64"},
	}
	for name, line := range lines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := w.call(t, "DescribeImages", "Owner.1", "amazon", "Filter.1.Name", "name", "Filter.1.Value.1", line.pattern).OK(t)
			dates := texts(t, reply.Body, "creationDate")
			assert.Greater(t, len(dates), 1, "most_recent has something to choose from")
			assert.Len(t, uniqueStrings(dates), len(dates))
			for element, want := range map[string]string{
				"imageOwnerId": line.owner, "architecture": line.architecture, "rootDeviceName": "/dev/xvda", "imageOwnerAlias": "amazon",
			} {
				assert.Equal(t, []string{want}, uniqueStrings(texts(t, reply.Body, element)), element)
			}
			image, ok := locked2(w, func() (ec2.Image, bool) { return w.ec2.Image(texts(t, reply.Body, "imageId")[0]) })
			require.True(t, ok)
			assert.Equal(t, name != "plain AL2023", image.ECSOptimized)
			assert.Equal(t, strings.Contains(name, "GPU"), image.GPU)
		})
	}
	t.Run("not another owner's", func(t *testing.T) {
		t.Parallel()
		assert.Empty(t, w.list(t, "imageId", "DescribeImages", "Owner.1", "self"))
	})
	t.Run("an unknown id", func(t *testing.T) {
		t.Parallel()
		w.call(t, "DescribeImages", "ImageId.1", "ami-00000000").Refused(t, "InvalidAMIID.NotFound")
		w.call(t, "DescribeImages", "ImageId.1", "linux").Refused(t, "InvalidAMIID.Malformed")
	})
}

// TestInstanceTypesHaveWhatTheProviderNeeds: without one of these elements its
// data source finds nothing, or crashes.
func TestInstanceTypesHaveWhatTheProviderNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, want := range map[string]ec2.InstanceType{
		"t3.micro":     {Name: "t3.micro", VCPUs: 2, MemoryMiB: 1024, Architectures: []string{"x86_64"}},
		"t2.medium":    {Name: "t2.medium", VCPUs: 2, MemoryMiB: 4096, Architectures: []string{"i386", "x86_64"}},
		"t4g.nano":     {Name: "t4g.nano", VCPUs: 2, MemoryMiB: 512, Architectures: []string{"arm64"}},
		"m6g.medium":   {Name: "m6g.medium", VCPUs: 1, MemoryMiB: 4096, Architectures: []string{"arm64"}},
		"m5.24xlarge":  {Name: "m5.24xlarge", VCPUs: 96, MemoryMiB: 393216, Architectures: []string{"x86_64"}},
		"c5.9xlarge":   {Name: "c5.9xlarge", VCPUs: 36, MemoryMiB: 73728, Architectures: []string{"x86_64"}},
		"r7g.2xlarge":  {Name: "r7g.2xlarge", VCPUs: 8, MemoryMiB: 65536, Architectures: []string{"arm64"}},
		"g4dn.xlarge":  {Name: "g4dn.xlarge", VCPUs: 4, MemoryMiB: 16384, Architectures: []string{"x86_64"}, GPUs: 1},
		"p3.8xlarge":   {Name: "p3.8xlarge", VCPUs: 32, MemoryMiB: 249856, Architectures: []string{"x86_64"}, GPUs: 4},
		"g5.12xlarge":  {Name: "g5.12xlarge", VCPUs: 48, MemoryMiB: 196608, Architectures: []string{"x86_64"}, GPUs: 4},
		"p4d.24xlarge": {Name: "p4d.24xlarge", VCPUs: 96, MemoryMiB: 1179648, Architectures: []string{"x86_64"}, GPUs: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind, ok := locked2(w, func() (ec2.InstanceType, bool) { return w.ec2.InstanceType(name) })
			require.True(t, ok)
			assert.Equal(t, want, kind)
			reply := w.call(t, "DescribeInstanceTypes", "InstanceType.1", name).OK(t)
			for _, element := range []string{"memoryInfo", "vCpuInfo", "ebsInfo", "networkInfo", "placementGroupInfo", "processorInfo"} {
				assert.Contains(t, string(reply.Body), "<"+element+">")
			}
			assert.Equal(t, want.GPUs > 0, strings.Contains(string(reply.Body), "<gpuInfo>"))
			assert.Contains(t, texts(t, reply.Body, "defaultVCpus"), fmt.Sprint(want.VCPUs))
			assert.Contains(t, texts(t, reply.Body, "sizeInMiB"), fmt.Sprint(want.MemoryMiB))
		})
	}
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"t3.huge", "z9.micro", "t3", ""} {
			_, ok := locked2(w, func() (ec2.InstanceType, bool) { return w.ec2.InstanceType(name) })
			assert.False(t, ok, name)
		}
		assert.Contains(t, w.call(t, "DescribeInstanceTypes", "InstanceType.1", "t3.huge").Refused(t, "InvalidInstanceType").Message, "t3.huge")
	})
	t.Run("all, page by page", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		token := []string{}
		for {
			reply := w.call(t, "DescribeInstanceTypes", token...).OK(t)
			for _, name := range texts(t, reply.Body, "instanceType") {
				assert.False(t, seen[name], "%s came twice", name)
				seen[name] = true
			}
			next := texts(t, reply.Body, "nextToken")
			if len(next) == 0 {
				break
			}
			token = []string{"NextToken", next[0]}
		}
		assert.Greater(t, len(seen), 200)
	})
}

func TestZones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reply := w.call(t, "DescribeAvailabilityZones", "Filter.1.Name", "state", "Filter.1.Value.1", "available",
		"Filter.2.Name", "opt-in-status", "Filter.2.Value.1", "opt-in-not-required").OK(t)
	assert.Equal(t, []string{"us-west-2a", "us-west-2b", "us-west-2c"}, texts(t, reply.Body, "zoneName"))
	assert.Equal(t, []string{"usw2-az1", "usw2-az2", "usw2-az3"}, texts(t, reply.Body, "zoneId"))
	assert.Equal(t, []string{"us-west-2b"}, w.list(t, "zoneName", "DescribeAvailabilityZones", "ZoneId.1", "usw2-az2"))
}

func TestKeyPairs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The key as the request carries it: base64 of "ssh-ed25519 AAAA me".
	id := w.get(t, "keyPairId", "ImportKeyPair", "KeyName", "mine", "PublicKeyMaterial", "c3NoLWVkMjU1MTkgQUFBQSBtZQ==")
	assert.Equal(t, "ed25519", w.get(t, "keyType", "DescribeKeyPairs", "KeyName.1", "mine"))
	w.call(t, "ImportKeyPair", "KeyName", "mine", "PublicKeyMaterial", "c3NoLWVkMjU1MTkgQUFBQSBtZQ==").Refused(t, "InvalidKeyPair.Duplicate")
	w.call(t, "ImportKeyPair", "KeyName", "bad", "PublicKeyMaterial", "bm90IGEga2V5").Refused(t, "InvalidKey.Format")
	assert.Equal(t, []string{id}, w.list(t, "keyPairId", "DeleteKeyPair", "KeyName", "mine"))
	w.call(t, "DeleteKeyPair", "KeyName", "mine").OK(t)
	w.call(t, "DescribeKeyPairs", "KeyName.1", "mine").Refused(t, "InvalidKeyPair.NotFound")
}

// TestStateOutlivesARestart: a new service with the old one's records answers the
// same, and gives no interface an address that another has.
func TestStateOutlivesARestart(t *testing.T) {
	t.Parallel()
	before := newWorld(t)
	s := newStreet(t, before)
	template := before.template(t, "ImageId", before.ecsImage(t, "x86_64"), "InstanceType", "t3.micro", "MetadataOptions.HttpPutResponseHopLimit", "2")
	machine := before.launch(t, ec2.LaunchSpec{TemplateID: template, SubnetID: s.public})

	after := newWorld(t)
	wiretest.Revive(t, before.account, after.account)
	for _, operation := range before.ec2.Wire().Operations {
		switch {
		case !strings.HasPrefix(operation.Name, "Describe"):
			continue
		case operation.Name == "DescribeVpcAttribute" || operation.Name == "DescribeLaunchTemplateVersions":
			continue // they want an id
		}
		assert.Equal(t, content(before.call(t, operation.Name).OK(t)), content(after.call(t, operation.Name).OK(t)), operation.Name)
	}
	assert.Equal(t, before.instance(machine.ID), after.instance(machine.ID))
	require.NoError(t, after.reach(eni(s.lb), eni(s.backend), 32768))
	after.run(t)
	after.clock.Advance(10 * time.Minute)
	eventually(t, "the restarted service goes on", func() bool { return after.instance(machine.ID).State == ec2.StateRunning })

	taken := map[netip.Addr]bool{}
	for _, id := range append(after.list(t, "networkInterfaceId", "DescribeNetworkInterfaces"), after.createInterface(t, s.public, false)) {
		address := locked(after, func() netip.Addr { eni, _ := after.ec2.Interface(id); return eni.Address })
		taken[address] = true
	}
	after.account.View(func() { assert.Len(t, taken, after.ec2.Resources()["network interfaces"]) })
}

// content is an answer without its request id.
func content(reply *wiretest.Reply) string {
	_, body, _ := strings.Cut(string(reply.Body), "</requestId>")
	return body
}
