package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/refusals"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// What refusals.md says, beyond what the other tests hold.

func TestRulesOfTheTable(t *testing.T) {
	t.Parallel()
	wiretest.Refusals(t, newWorld(t).iam.Wire(), iam.Refusals, nil, wiretest.MayMiss, wiretest.InWords(func(f refusals.Fault) (code, message string) {
		words := map[string]string{
			"RoleName": "contain only alphanumeric characters and/or the following: +=,.@_-",
			"Path":     "begin and end with / and contain only alphanumeric characters and/or / characters.",
			"Document": "contain only printable ASCII characters.",
		}
		words["PolicyName"], words["InstanceProfileName"], words["PathPrefix"] = words["RoleName"], words["RoleName"], words["Path"]
		for member, must := range words {
			isPath := f.Demand != `satisfy regular expression pattern: \u002F[\u0021-\u007F]*` // of ListRoles
			if strings.HasSuffix(strings.ToLower(f.Member), strings.ToLower(member)) && strings.Contains(f.Demand, "pattern") && isPath {
				return "ValidationError", fmt.Sprintf("The specified value for %s is invalid. It must %s", f.Member, must)
			}
		}
		return "ValidationError", f.String()
	}))
}

func TestWhatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "there")
	const none = "arn:aws:iam::123456789012:policy/none"
	good := map[string]string{
		"RoleName": "none", "InstanceProfileName": "none", "PolicyArn": none, "PolicyName": "none", "PolicyDocument": allowS3, "VersionId": "v1", "Description": "text",
		"Tags": "Tags.member.1", "TagKeys": "TagKeys.member.1", "PermissionsBoundary": none,
	}
	asked := 0
	for _, row := range iam.Refusals.Rows {
		if row.Where != "TestWhatIsNotThereIsRefused" {
			continue
		}
		for _, operation := range row.Operations {
			var parameters []string
			for _, o := range w.iam.Wire().Operations {
				if o.Name != operation {
					continue
				}
				for _, member := range o.Members() {
					for name, value := range good {
						switch {
						case !strings.EqualFold(name, member):
						case name == "Tags":
							parameters = append(parameters, value+".Key", "a", value+".Value", "b")
						case name == "TagKeys":
							parameters = append(parameters, value, "a")
						default:
							parameters = append(parameters, name, value)
						}
					}
				}
			}
			assert.Equal(t, "NoSuchEntity", w.call(t, operation, parameters...).Code, operation)
			asked++
		}
	}
	require.Greater(t, asked, 20)
	w.call(t, "PutRolePermissionsBoundary", "RoleName", "there", "PermissionsBoundary", none).Refused(t, "NoSuchEntity")
}

func TestPolicyARNsThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r")
	const wrong = "arn:aws:s3:::bucket/policy"
	for _, row := range iam.Refusals.Rows {
		if row.Where != "TestPolicyARNsThatAreNone" || row.Subjects[0] != "InvalidInput" {
			continue
		}
		for _, operation := range row.Operations {
			parameters := []string{"PolicyArn", wrong}
			switch operation {
			case "PutRolePermissionsBoundary":
				parameters = []string{"RoleName", "r", "PermissionsBoundary", wrong}
			case "AttachRolePolicy", "DetachRolePolicy":
				parameters = append(parameters, "RoleName", "r")
			case "CreatePolicyVersion":
				parameters = append(parameters, "PolicyDocument", allowS3)
			case "DeletePolicyVersion", "GetPolicyVersion":
				parameters = append(parameters, "VersionId", "v1")
			case "UntagPolicy":
				parameters = append(parameters, "TagKeys.member.1", "a")
			}
			reply := w.call(t, operation, parameters...)
			assert.Equal(t, "InvalidInput: ARN "+wrong+" is not valid.", reply.Code+": "+reply.Message, operation)
		}
	}
}

func TestQuotasAndNamesTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.role(t, "r")
	w.call(t, "CreateInstanceProfile", "InstanceProfileName", "p").OK(t)
	w.call(t, "CreateInstanceProfile", "InstanceProfileName", "P").Refused(t, "EntityAlreadyExists")
	w.call(t, "CreateRole", "RoleName", "R", "AssumeRolePolicyDocument", trustEC2).Refused(t, "EntityAlreadyExists")
	arn := w.get(t, "Arn", "CreatePolicy", "PolicyName", "p", "PolicyDocument", allowS3)
	w.call(t, "CreatePolicy", "PolicyName", "P", "PolicyDocument", allowS3).Refused(t, "EntityAlreadyExists")

	tags := func(from, to int, more ...string) []string {
		for i := from; i < to; i++ {
			more = append(more, fmt.Sprintf("Tags.member.%d.Key", i-from+1), fmt.Sprint("key", i), fmt.Sprintf("Tags.member.%d.Value", i-from+1), "v")
		}
		return more
	}
	for kind, name := range map[string][]string{"Role": {"RoleName", "r"}, "Policy": {"PolicyArn", arn}, "InstanceProfile": {"InstanceProfileName", "p"}} {
		w.call(t, "Tag"+kind, tags(0, 50, name...)...).OK(t)
		w.call(t, "Tag"+kind, tags(50, 51, name...)...).Refused(t, "LimitExceeded")
		w.call(t, "Tag"+kind, tags(0, 51, name...)...).Refused(t, "ValidationError")
	}
	for i := range 10 {
		one := w.get(t, "Arn", "CreatePolicy", "PolicyName", fmt.Sprint("p", i), "PolicyDocument", allowS3)
		w.call(t, "AttachRolePolicy", "RoleName", "r", "PolicyArn", one).OK(t)
	}
	w.call(t, "AttachRolePolicy", "RoleName", "r", "PolicyArn", arn).Refused(t, "LimitExceeded")
	w.call(t, "AddRoleToInstanceProfile", "RoleName", "r", "InstanceProfileName", "p").OK(t)
	w.call(t, "AddRoleToInstanceProfile", "RoleName", "r", "InstanceProfileName", "p").Refused(t, "LimitExceeded")
	w.call(t, "PutRolePolicy", "RoleName", "r", "PolicyName", "a", "PolicyDocument", long(11000)).Refused(t, "LimitExceeded")
	w.call(t, "CreatePolicyVersion", "PolicyArn", arn, "PolicyDocument", long(7000)).Refused(t, "LimitExceeded")
	w.call(t, "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument", policyOf(`{"Effect":"Allow","Action":"s3:*","Principal":"*"}`)).
		Refused(t, "MalformedPolicyDocument")
	w.call(t, "UpdateAssumeRolePolicy", "RoleName", "r", "PolicyDocument",
		policyOf(`{"Sid":"`+strings.Repeat("a", 2048)+`","Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}`)).Refused(t, "LimitExceeded")
}
