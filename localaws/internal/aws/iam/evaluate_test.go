package iam_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
)

const (
	cluster = "arn:aws:ecs:us-west-2:123456789012:cluster/web"
	managed = "arn:aws:iam::aws:policy/"
)

// statement wraps statements in a policy document.
func policyOf(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

func TestWhatARoleMayDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy           string
		action, resource string
		context          iam.Context
		allowed          bool
	}{
		"no policy":                        {"", "s3:GetObject", "*", nil, false},
		"the action":                       {`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, "s3:GetObject", "arn:aws:s3:::a/b", nil, true},
		"in another case":                  {`{"Effect":"Allow","Action":"s3:getobject","Resource":"*"}`, "S3:GetObject", "arn:aws:s3:::a/b", nil, true},
		"another action":                   {`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, "s3:PutObject", "arn:aws:s3:::a/b", nil, false},
		"a wildcard":                       {`{"Effect":"Allow","Action":["logs:*","s3:Get*"],"Resource":"*"}`, "s3:GetBucketAcl", "*", nil, true},
		"a question mark":                  {`{"Effect":"Allow","Action":"s3:?etObject","Resource":"*"}`, "s3:GetObject", "*", nil, true},
		"everything":                       {`{"Effect":"Allow","Action":"*","Resource":"*"}`, "ecs:Poll", cluster, nil, true},
		"the resource":                     {`{"Effect":"Allow","Action":"ecs:*","Resource":"` + cluster + `"}`, "ecs:Poll", cluster, nil, true},
		"another resource":                 {`{"Effect":"Allow","Action":"ecs:*","Resource":"` + cluster + `2"}`, "ecs:Poll", cluster, nil, false},
		"a resource with a wildcard":       {`{"Effect":"Allow","Action":"ecs:*","Resource":"arn:aws:ecs:*:*:cluster/w?b"}`, "ecs:Poll", cluster, nil, true},
		"a resource with a variable":       {`{"Effect":"Allow","Action":"ecs:*","Resource":"arn:aws:ecs:*:${aws:PrincipalAccount}:cluster/*"}`, "ecs:Poll", cluster, nil, true},
		"a deny beside it":                 {`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:Poll","Resource":"*"}`, "ecs:Poll", cluster, nil, false},
		"a deny of something else":         {`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:Poll","Resource":"` + cluster + `2"}`, "ecs:Poll", cluster, nil, true},
		"NotAction without it":             {`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "ecs:Poll", cluster, nil, true},
		"NotAction with it":                {`{"Effect":"Allow","NotAction":["iam:*","ecs:*"],"Resource":"*"}`, "ecs:Poll", cluster, nil, false},
		"NotResource without it":           {`{"Effect":"Allow","Action":"ecs:*","NotResource":"arn:aws:s3:::*"}`, "ecs:Poll", cluster, nil, true},
		"NotResource with it":              {`{"Effect":"Allow","Action":"ecs:*","NotResource":"` + cluster + `"}`, "ecs:Poll", cluster, nil, false},
		"a condition that holds":           {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-west-2"]}}}`, "ecs:Poll", "*", nil, true},
		"a condition that does not":        {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}`, "ecs:Poll", "*", nil, false},
		"a key that the request lacks":     {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"ecs:CreateAction":"RunTask"}}}`, "ecs:TagResource", "*", nil, false},
		"a key that the request has":       {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"ecs:CreateAction":"RunTask"}}}`, "ecs:TagResource", "*", iam.Context{"ecs:createaction": "RunTask"}, true},
		"IfExists without the key":         {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"ecs:CreateAction":"RunTask"}}}`, "ecs:TagResource", "*", nil, true},
		"a negative one without the key":   {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"ecs:CreateAction":"RunTask"}}}`, "ecs:TagResource", "*", nil, true},
		"a negative one with the value":    {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotLike":{"ecs:CreateAction":["Create*","Run*"]}}}`, "ecs:TagResource", "*", iam.Context{"ecs:CreateAction": "RunTask"}, false},
		"two conditions, one of them not":  {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true},"StringLike":{"aws:PrincipalArn":"*/other"}}}`, "ecs:Poll", "*", nil, false},
		"an ARN like another":              {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"ecs:cluster":"arn:aws:ecs:*:*:cluster/w*"}}}`, "ecs:Poll", "*", iam.Context{"ecs:cluster": cluster}, true},
		"a wildcard does not cross colons": {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"ecs:cluster":"arn:aws:*:us-west-2:cluster/web:*"}}}`, "ecs:Poll", "*", iam.Context{"ecs:cluster": cluster}, false},
		"a null key":                       {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"ecs:CreateAction":"true"}}}`, "ecs:Poll", "*", nil, true},
		"a key that is not null":           {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"ecs:CreateAction":"false"}}}`, "ecs:Poll", "*", nil, false},
		"a number":                         {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThanEquals":{"s3:max-keys":10}}}`, "s3:ListBucket", "*", iam.Context{"s3:max-keys": "10"}, true},
		"a number too large":               {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":"10"}}}`, "s3:ListBucket", "*", iam.Context{"s3:max-keys": "10"}, false},
		"a date":                           {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}`, "s3:ListBucket", "*", nil, true},
		"an address":                       {`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},{"Effect":"Allow","Action":"*","Resource":"*"}`, "s3:ListBucket", "*", iam.Context{"aws:SourceIp": "10.1.1.1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			role := w.role(t, "r")
			if c.policy != "" {
				w.call(t, "PutRolePolicy", "RoleName", "r", "PolicyName", "p", "PolicyDocument", policyOf(c.policy)).OK(t)
			}
			ok, why := w.allows(role, c.action, c.resource, c.context)
			assert.Equal(t, c.allowed, ok, why)
			if !c.allowed {
				assert.Contains(t, why, "is not authorized to perform: "+c.action+" on resource: "+c.resource)
			}
		})
	}
}

// TestInstanceRole is what an ECS agent may do, and stops doing when the policy
// is detached.
func TestInstanceRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, "ecs")
	const policy = managed + "service-role/AmazonEC2ContainerServiceforEC2Role"
	w.call(t, "AttachRolePolicy", "RoleName", "ecs", "PolicyArn", policy).OK(t)
	for _, action := range []string{"ecs:RegisterContainerInstance", "ecs:Poll", "ecs:SubmitTaskStateChange", "ecr:BatchGetImage", "logs:PutLogEvents"} {
		ok, why := w.allows(role, action, cluster, nil)
		assert.True(t, ok, why)
	}
	ok, _ := w.allows(role, "ecs:TagResource", "*", iam.Context{"ecs:CreateAction": "RegisterContainerInstance"})
	assert.True(t, ok)
	ok, _ = w.allows(role, "ecs:TagResource", "*", nil)
	assert.False(t, ok)
	ok, _ = w.allows(role, "ecs:UpdateService", "*", nil)
	assert.False(t, ok)

	w.call(t, "DetachRolePolicy", "RoleName", "ecs", "PolicyArn", policy).OK(t)
	ok, why := w.allows(role, "ecs:RegisterContainerInstance", cluster, nil)
	assert.False(t, ok)
	assert.Contains(t, why, "because no identity-based policy allows the ecs:RegisterContainerInstance action")
	ok, why = w.allows("arn:aws:iam::123456789012:role/gone", "ecs:Poll", "*", nil)
	assert.False(t, ok)
	assert.Contains(t, why, "role/gone does not exist")
}

func TestPermissionsBoundary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	role := w.role(t, "r")
	boundary := w.get(t, "Arn", "CreatePolicy", "PolicyName", "limits", "PolicyDocument", policyOf(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`))
	w.call(t, "AttachRolePolicy", "RoleName", "r", "PolicyArn", managed+"AdministratorAccess").OK(t)
	w.call(t, "PutRolePermissionsBoundary", "RoleName", "r", "PermissionsBoundary", boundary).OK(t)
	assert.Equal(t, boundary, w.get(t, "PermissionsBoundaryArn", "GetRole", "RoleName", "r"))
	ok, _ := w.allows(role, "s3:GetObject", "*", nil)
	assert.True(t, ok)
	ok, why := w.allows(role, "ecs:Poll", "*", nil)
	assert.False(t, ok)
	assert.Contains(t, why, "no permissions boundary allows the ecs:Poll action")
	w.call(t, "DeletePolicy", "PolicyArn", boundary).Refused(t, "DeleteConflict")
	w.call(t, "DeleteRolePermissionsBoundary", "RoleName", "r").OK(t)
	ok, _ = w.allows(role, "ecs:Poll", "*", nil)
	assert.True(t, ok)
}

func TestWhoMayAssumeARole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trust   string
		service string
		can     bool
	}{
		"the service":      {`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}`, "ecs-tasks.amazonaws.com", true},
		"one of several":   {`{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","ecs-tasks.amazonaws.com"]},"Action":["sts:AssumeRole","sts:TagSession"]}`, "ecs-tasks.amazonaws.com", true},
		"another service":  {`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, "ecs-tasks.amazonaws.com", false},
		"the wrong action": {`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:TagSession"}`, "ec2.amazonaws.com", false},
		// Everyone includes services: aws:PrincipalIsAWSService is there to except them.
		"a denied one":                   {`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","NotAction":"sts:TagSession"}`, "ec2.amazonaws.com", false},
		"for this account's resources":   {`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:ecs:us-west-2:123456789012:*"}}}`, "ecs-tasks.amazonaws.com", true},
		"for another account's resource": {`{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"999999999999"}}}`, "ecs-tasks.amazonaws.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			arn := w.get(t, "Arn", "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", policyOf(c.trust))
			w.account.Do(func() {
				ok, why := w.iam.CanAssume(arn, c.service)
				assert.Equal(t, c.can, ok, why)
				if !c.can {
					assert.Contains(t, why, c.service)
				}
			})
		})
	}
}

// TestManagedPoliciesAreWhole: every seeded policy of AWS can be read and
// attached, in every partition.
func TestManagedPoliciesAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arns := w.list(t, "Arn", "ListPolicies", "Scope", "AWS")
	require.Greater(t, len(arns), 15)
	for _, name := range []string{
		"AmazonSSMManagedInstanceCore", "service-role/AmazonEC2ContainerServiceforEC2Role", "service-role/AmazonECSTaskExecutionRolePolicy",
		"CloudWatchAgentServerPolicy", "AdministratorAccess",
	} {
		assert.Contains(t, arns, managed+name)
	}
	for i, arn := range arns {
		version := w.get(t, "DefaultVersionId", "GetPolicy", "PolicyArn", arn)
		document := decoded(t, w.get(t, "Document", "GetPolicyVersion", "PolicyArn", arn, "VersionId", version))
		w.call(t, "CreatePolicy", "PolicyName", fmt.Sprintf("copy%d", i), "PolicyDocument", document).OK(t)
		w.call(t, "DeletePolicy", "PolicyArn", arn).Refused(t, "AccessDenied")
	}
}
