package iam_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

const allowS3 = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`

func TestRoleAnswersAllThatTheProviderReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "CreateRole", "RoleName", "r", "Path", "/service/", "Description", "d", "MaxSessionDuration", "7200",
		"AssumeRolePolicyDocument", trustEC2, "Tags.member.1.Key", "a", "Tags.member.1.Value", "b").OK(t)
	reply := w.call(t, "GetRole", "RoleName", "r").OK(t)
	for element, want := range map[string]string{
		"RoleName": "r", "Path": "/service/", "Description": "d", "MaxSessionDuration": "7200",
		"Arn": "arn:aws:iam::123456789012:role/service/r", "CreateDate": "2026-01-31T12:00:00.000Z", "Key": "a", "Value": "b",
	} {
		assert.Equal(t, []string{want}, texts(t, reply.Body, element), element)
	}
	assert.JSONEq(t, trustEC2, decoded(t, texts(t, reply.Body, "AssumeRolePolicyDocument")[0]))
	assert.Regexp(t, `^AROA[0-9A-Z]{17}$`, texts(t, reply.Body, "RoleId")[0])

	w.call(t, "CreateRole", "RoleName", "plain", "AssumeRolePolicyDocument", trustEC2).OK(t)
	assert.Equal(t, "3600", w.get(t, "MaxSessionDuration", "GetRole", "RoleName", "plain"), "AWS's default")
}

func TestRoleChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r")
	described := w.call(t, "UpdateRoleDescription", "RoleName", "r", "Description", "first").OK(t)
	assert.Equal(t, []string{"first"}, texts(t, described.Body, "Description"))
	w.call(t, "UpdateRole", "RoleName", "r", "Description", "new", "MaxSessionDuration", "43200").OK(t)
	trust := strings.ReplaceAll(trustEC2, "ec2.", "ecs-tasks.")
	w.call(t, "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", trust).OK(t)
	w.call(t, "TagRole", "RoleName", "r", "Tags.member.1.Key", "a", "Tags.member.1.Value", "b", "Tags.member.2.Key", "c", "Tags.member.2.Value", "d").OK(t)
	w.call(t, "UntagRole", "RoleName", "r", "TagKeys.member.1", "a").OK(t)
	reply := w.call(t, "GetRole", "RoleName", "r").OK(t)
	assert.Equal(t, []string{"new"}, texts(t, reply.Body, "Description"))
	assert.Equal(t, []string{"43200"}, texts(t, reply.Body, "MaxSessionDuration"))
	assert.Equal(t, []string{"c"}, w.list(t, "Key", "ListRoleTags", "RoleName", "r"))
	assert.JSONEq(t, trust, decoded(t, texts(t, reply.Body, "AssumeRolePolicyDocument")[0]))
}

// TestTagKeysThatDifferByCase: wherever a request has tags, two keys that differ
// only by case are one too many, also when their values are the same.
func TestTagKeysThatDifferByCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r")
	arn := w.get(t, "Arn", "CreatePolicy", "PolicyName", "p", "PolicyDocument", allowS3)
	w.call(t, "CreateInstanceProfile", "InstanceProfileName", "p").OK(t)
	for action, parameters := range map[string][]string{
		"CreateRole":            {"RoleName", "new", "AssumeRolePolicyDocument", trustEC2},
		"CreatePolicy":          {"PolicyName", "new", "PolicyDocument", allowS3},
		"CreateInstanceProfile": {"InstanceProfileName", "new"},
		"TagRole":               {"RoleName", "r"},
		"TagPolicy":             {"PolicyArn", arn},
		"TagInstanceProfile":    {"InstanceProfileName", "p"},
	} {
		twice := []string{"Tags.member.1.Key", "Environment", "Tags.member.1.Value", "a", "Tags.member.2.Key", "environment", "Tags.member.2.Value", "a"}
		reply := w.call(t, action, append(parameters, twice...)...).Refused(t, "InvalidInput")
		assert.Equal(t, "Duplicate tag keys found. Please note that Tag keys are case insensitive.", reply.Message, action)
	}
	tagging := 0
	for _, operation := range w.iam.Wire().Operations {
		if w.call(t, operation.Name, "Tags.member.1.Key", "a").Code != "UnsupportedParameter" {
			tagging++
		}
	}
	assert.Equal(t, 6, tagging, "operations with tags, all of which are above")
}

// TestTags: keys that differ only by case are the same to IAM, and all kinds of
// resources have the same rules.
func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r")
	arn := w.get(t, "Arn", "CreatePolicy", "PolicyName", "p", "PolicyDocument", allowS3)
	w.call(t, "CreateInstanceProfile", "InstanceProfileName", "p").OK(t)
	for kind, c := range map[string]struct{ member, name string }{
		"Role": {"RoleName", "r"}, "Policy": {"PolicyArn", arn}, "InstanceProfile": {"InstanceProfileName", "p"},
	} {
		w.call(t, "Tag"+kind, c.member, c.name, "Tags.member.1.Key", "Team", "Tags.member.1.Value", "red").OK(t)
		w.call(t, "Tag"+kind, c.member, c.name, "Tags.member.1.Key", "team", "Tags.member.1.Value", "").OK(t)
		reply := w.call(t, "Get"+kind, c.member, c.name).OK(t)
		assert.Contains(t, string(reply.Body), "<Tags><member><Key>team</Key><Value></Value></member></Tags>", kind)
		w.call(t, "Tag"+kind, c.member, c.name, "Tags.member.1.Key", "").Refused(t, "ValidationError")
		w.call(t, "Untag"+kind, c.member, c.name, "TagKeys.member.1", "TEAM").OK(t)
		assert.Empty(t, w.list(t, "Key", "Get"+kind, c.member, c.name), kind)
		w.call(t, "Tag"+kind, c.member, c.name+"x", "Tags.member.1.Key", "a", "Tags.member.1.Value", "").Refused(t, "NoSuchEntity")
	}
	w.call(t, "TagPolicy", "PolicyArn", managed+"AdministratorAccess", "Tags.member.1.Key", "a", "Tags.member.1.Value", "").Refused(t, "AccessDenied")
}

// TestTakingARoleApart deletes in the only order that AWS allows.
func TestTakingARoleApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.role(t, "r")
	own := w.get(t, "Arn", "CreatePolicy", "PolicyName", "own", "Path", "/x/", "PolicyDocument", allowS3)
	assert.Equal(t, "arn:aws:iam::123456789012:policy/x/own", own)
	w.call(t, "AttachRolePolicy", "RoleName", "r", "PolicyArn", own).OK(t)
	w.call(t, "AttachRolePolicy", "RoleName", "r", "PolicyArn", own).OK(t)
	w.call(t, "PutRolePolicy", "RoleName", "r", "PolicyName", "inline", "PolicyDocument", allowS3).OK(t)
	w.call(t, "CreateInstanceProfile", "InstanceProfileName", "p").OK(t)
	w.call(t, "AddRoleToInstanceProfile", "InstanceProfileName", "p", "RoleName", "r").OK(t)
	w.call(t, "AddRoleToInstanceProfile", "InstanceProfileName", "p", "RoleName", "r").Refused(t, "LimitExceeded")

	assert.Equal(t, []string{"own"}, w.list(t, "PolicyName", "ListAttachedRolePolicies", "RoleName", "r"))
	assert.Equal(t, "1", w.get(t, "AttachmentCount", "GetPolicy", "PolicyArn", own))
	assert.JSONEq(t, allowS3, decoded(t, w.get(t, "PolicyDocument", "GetRolePolicy", "RoleName", "r", "PolicyName", "inline")))
	assert.Equal(t, []string{"p"}, w.list(t, "InstanceProfileName", "ListInstanceProfilesForRole", "RoleName", "r"))
	w.account.Do(func() {
		profile, ok := w.iam.InstanceProfile("p")
		require.True(t, ok)
		assert.Equal(t, "arn:aws:iam::123456789012:instance-profile/p", profile.ARN)
		assert.Equal(t, arn, profile.RoleARN)
		byARN, ok := w.iam.InstanceProfile(profile.ARN)
		assert.True(t, ok)
		assert.Equal(t, profile, byARN)
		_, ok = w.iam.InstanceProfile("arn:aws:iam::999999999999:instance-profile/p")
		assert.False(t, ok, "another account's")
	})

	w.call(t, "DeletePolicy", "PolicyArn", own).Refused(t, "DeleteConflict")
	w.call(t, "DeleteInstanceProfile", "InstanceProfileName", "p").Refused(t, "DeleteConflict")
	assert.Contains(t, w.call(t, "DeleteRole", "RoleName", "r").Refused(t, "DeleteConflict").Message, "must remove roles from instance profile first")
	w.call(t, "RemoveRoleFromInstanceProfile", "InstanceProfileName", "p", "RoleName", "r").OK(t)
	assert.Contains(t, w.call(t, "DeleteRole", "RoleName", "r").Refused(t, "DeleteConflict").Message, "must detach all policies first")
	w.call(t, "DetachRolePolicy", "RoleName", "r", "PolicyArn", own).OK(t)
	assert.Contains(t, w.call(t, "DeleteRole", "RoleName", "r").Refused(t, "DeleteConflict").Message, "must delete policies first")
	w.call(t, "DeleteRolePolicy", "RoleName", "r", "PolicyName", "inline").OK(t)
	w.call(t, "DeleteRole", "RoleName", "r").OK(t)
	w.call(t, "DeleteInstanceProfile", "InstanceProfileName", "p").OK(t)
	w.call(t, "DeletePolicy", "PolicyArn", own).OK(t)
	w.account.Do(func() {
		for kind, count := range w.iam.Resources() {
			assert.Zero(t, count, "%s are left", kind)
		}
	})
}

func TestPolicyVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.get(t, "Arn", "CreatePolicy", "PolicyName", "p", "PolicyDocument", allowS3)
	for i := range 4 {
		document := strings.ReplaceAll(allowS3, "s3:*", fmt.Sprintf("s3:Get%d", i))
		w.call(t, "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", document, "SetAsDefault", "true").OK(t)
	}
	w.call(t, "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowS3).Refused(t, "LimitExceeded")
	assert.Equal(t, "v5", w.get(t, "DefaultVersionId", "GetPolicy", "PolicyArn", arn))
	assert.Contains(t, decoded(t, w.get(t, "Document", "GetPolicyVersion", "PolicyArn", arn, "VersionId", "v5")), "s3:Get3")
	assert.Equal(t, []string{"v1", "v2", "v3", "v4", "v5"}, w.list(t, "VersionId", "ListPolicyVersions", "PolicyArn", arn))
	w.call(t, "DeletePolicyVersion", "PolicyArn", arn, "VersionId", "v5").Refused(t, "DeleteConflict")
	w.call(t, "DeletePolicy", "PolicyArn", arn).Refused(t, "DeleteConflict")
	for _, version := range []string{"v1", "v2", "v3", "v4"} {
		w.call(t, "DeletePolicyVersion", "PolicyArn", arn, "VersionId", version).OK(t)
	}
	assert.Equal(t, "v6", w.get(t, "VersionId", "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", allowS3), "numbers are not used twice")
}

func TestPolicyDocumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r")
	for name, c := range map[string]struct{ document, says string }{
		"no JSON":                   {"{", "Syntax errors in policy"},
		"more behind it":            {allowS3 + "{}", "Syntax errors in policy"},
		"an unknown element":        {policyOf(`{"Effect":"Allow","Actions":"s3:*","Resource":"*"}`), "Actions"},
		"another version":           {`{"Version":"2020-01-01","Statement":[]}`, "2020-01-01"},
		"no statement":              {policyOf(""), "no statement"},
		"an unknown effect":         {policyOf(`{"Effect":"Perhaps","Action":"s3:*","Resource":"*"}`), "Perhaps"},
		"no action":                 {policyOf(`{"Effect":"Allow","Resource":"*"}`), "must contain actions"},
		"an action without service": {policyOf(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), "GetObject"},
		"both actions":              {policyOf(`{"Effect":"Allow","Action":"s3:*","NotAction":"ec2:*","Resource":"*"}`), "NotAction"},
		"no resource":               {policyOf(`{"Effect":"Allow","Action":"s3:*"}`), "must contain resources"},
		"a resource that is no ARN": {policyOf(`{"Effect":"Allow","Action":"s3:*","Resource":"my-bucket"}`), "my-bucket must be in ARN format"},
		"a principal":               {policyOf(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}`), "should not specify a principal"},
		"an unknown condition":      {policyOf(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}`), "StringIs"},
		"one Sid twice":             {policyOf(`{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"}`), "unique"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, w.call(t, "PutRolePolicy", "RoleName", "r", "PolicyName", "p", "PolicyDocument", c.document).
				Refused(t, "MalformedPolicyDocument").Message, c.says)
			w.call(t, "CreatePolicy", "PolicyName", "p", "PolicyDocument", c.document).Refused(t, "MalformedPolicyDocument")
		})
	}
}

func TestTrustPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ statement, code, says string }{
		"no principal":        {`{"Effect":"Allow","Action":"sts:AssumeRole"}`, "MalformedPolicyDocument", "Principal"},
		"a resource":          {`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}`, "MalformedPolicyDocument", "prohibited field Resource"},
		"another action":      {`{"Effect":"Allow","Action":"s3:*","Principal":"*"}`, "MalformedPolicyDocument", "only specify STS AssumeRole actions"},
		"no service":          {`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2"}}`, "MalformedPolicyDocument", `"SERVICE":"ec2"`},
		"a role that is gone": {`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::123456789012:role/gone"}}`, "MalformedPolicyDocument", "role/gone"},
		"a name":              {`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"bob"}}`, "MalformedPolicyDocument", "bob"},
		"an unknown kind":     {`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"User":"bob"}}`, "MalformedPolicyDocument", "User"},
		"a document too long": {`{"Sid":"` + strings.Repeat("a", 2048) + `","Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}`, "LimitExceeded", "2048"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, w.call(t, "CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", policyOf(c.statement)).Refused(t, c.code).Message, c.says)
		})
	}
	w.call(t, "CreateRole", "RoleName", "root", "AssumeRolePolicyDocument",
		policyOf(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::123456789012:root","123456789012"]}}`)).OK(t)
}

func TestNamesAndQuotas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "Taken")
	create := func(more ...string) []string { return append([]string{"AssumeRolePolicyDocument", trustEC2}, more...) }
	for name, c := range map[string]struct {
		action     string
		parameters []string
		code       string
		status     int
	}{
		"a name in another case":  {"CreateRole", create("RoleName", "taken"), "EntityAlreadyExists", http.StatusConflict},
		"a name too long":         {"CreateRole", create("RoleName", strings.Repeat("a", 65)), "ValidationError", http.StatusBadRequest},
		"a name with a space":     {"CreateRole", create("RoleName", "a b"), "ValidationError", http.StatusBadRequest},
		"a path without slashes":  {"CreateRole", create("RoleName", "a", "Path", "x"), "ValidationError", http.StatusBadRequest},
		"a session too long":      {"CreateRole", create("RoleName", "a", "MaxSessionDuration", "43201"), "ValidationError", http.StatusBadRequest},
		"an unknown boundary":     {"CreateRole", create("RoleName", "a", "PermissionsBoundary", managed+"None"), "NoSuchEntity", http.StatusNotFound},
		"a reserved tag":          {"CreateRole", create("RoleName", "a", "Tags.member.1.Key", "aws:x", "Tags.member.1.Value", ""), "InvalidInput", http.StatusBadRequest},
		"an unknown role":         {"GetRole", []string{"RoleName", "none"}, "NoSuchEntity", http.StatusNotFound},
		"an unknown policy":       {"AttachRolePolicy", []string{"RoleName", "Taken", "PolicyArn", managed + "None"}, "NoSuchEntity", http.StatusNotFound},
		"detaching none":          {"DetachRolePolicy", []string{"RoleName", "Taken", "PolicyArn", managed + "AdministratorAccess"}, "NoSuchEntity", http.StatusNotFound},
		"an unknown profile":      {"GetInstanceProfile", []string{"InstanceProfileName", "none"}, "NoSuchEntity", http.StatusNotFound},
		"an unknown inline":       {"GetRolePolicy", []string{"RoleName", "Taken", "PolicyName", "none"}, "NoSuchEntity", http.StatusNotFound},
		"too large inline":        {"PutRolePolicy", []string{"RoleName", "Taken", "PolicyName", "p", "PolicyDocument", long(11000)}, "LimitExceeded", http.StatusConflict},
		"too large managed":       {"CreatePolicy", []string{"PolicyName", "p", "PolicyDocument", long(7000)}, "LimitExceeded", http.StatusConflict},
		"no parameter of its own": {"GetRole", []string{"RoleName", "Taken", "Colour", "red"}, "UnsupportedParameter", http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.status, w.call(t, c.action, c.parameters...).Refused(t, c.code).Status)
		})
	}
}

// long is a policy document with so many characters and more.
func long(n int) string {
	return policyOf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("a", n) + `"}`)
}

func TestListsComeInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"c", "a", "b"} {
		w.role(t, name)
	}
	first := w.call(t, "ListRoles", "MaxItems", "2").OK(t)
	assert.Equal(t, []string{"a", "b"}, texts(t, first.Body, "RoleName"))
	assert.Equal(t, []string{"true"}, texts(t, first.Body, "IsTruncated"))
	second := w.call(t, "ListRoles", "MaxItems", "2", "Marker", texts(t, first.Body, "Marker")[0]).OK(t)
	assert.Equal(t, []string{"c"}, texts(t, second.Body, "RoleName"))
	assert.Equal(t, []string{"false"}, texts(t, second.Body, "IsTruncated"))
	w.call(t, "ListRoles", "Marker", "§").Refused(t, "ValidationError")
}

func TestStateOutlivesARestart(t *testing.T) {
	t.Parallel()
	before, after := newWorld(t), newWorld(t)
	arn := before.role(t, "r")
	before.call(t, "PutRolePolicy", "RoleName", "r", "PolicyName", "p", "PolicyDocument", allowS3).OK(t)
	before.call(t, "CreateInstanceProfile", "InstanceProfileName", "p").OK(t)
	before.call(t, "AddRoleToInstanceProfile", "InstanceProfileName", "p", "RoleName", "r").OK(t)
	wiretest.Revive(t, before.account, after.account)
	ok, why := after.allows(arn, "s3:GetObject", "*", nil)
	assert.True(t, ok, why)
	assert.Equal(t, "r", after.get(t, "RoleName", "GetInstanceProfile", "InstanceProfileName", "p"))
	after.call(t, "TagRole", "RoleName", "r", "Tags.member.1.Key", "a", "Tags.member.1.Value", "b").OK(t)
}

// TestNoRequestCrashesIt sends every operation nothing, and something that it
// can't know.
func TestNoRequestCrashesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, operation := range w.iam.Wire().Operations {
		t.Run(operation.Name, func(t *testing.T) {
			t.Parallel()
			reply := w.call(t, operation.Name)
			assert.NotEqual(t, "InternalFailure", reply.Code, reply.Message)
			assert.Contains(t, w.call(t, operation.Name, "Nonsense", "1").Refused(t, "UnsupportedParameter").Message, "Nonsense")
		})
	}
}
