package iam

import (
	"context"
	"fmt"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// servicePath begins the path of service-linked roles.
const servicePath = "/aws-service-role/"

// linkedService is a service that has a role of its own in the account;
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html.
type linkedService struct {
	role, policy string
	suffix       bool // whether the role's name may have a suffix
}

var linkedServices = map[string]linkedService{
	"ecs":                         {"AWSServiceRoleForECS", "AmazonECSServiceRolePolicy", false},
	"autoscaling":                 {"AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy", true},
	"elasticloadbalancing":        {"AWSServiceRoleForElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy", false},
	"ecs.application-autoscaling": {"AWSServiceRoleForApplicationAutoScaling_ECSService", "AWSApplicationAutoscalingECSServicePolicy", false},
	"spot":                        {"AWSServiceRoleForEC2Spot", "AWSEC2SpotServiceRolePolicy", false},
}

type createLinkedRoleInput struct {
	AWSServiceName, Description, CustomSuffix string
}

func (s *Service) createServiceLinkedRole(_ context.Context, in *createLinkedRoleInput) (*roleOutput, error) {
	name := strings.TrimSuffix(in.AWSServiceName, "."+s.account.DNSSuffix())
	service, known := linkedServices[name]
	if !known {
		return nil, invalidInput("Service role name for %s is not known to localaws", in.AWSServiceName)
	}
	roleName := service.role
	if in.CustomSuffix != "" {
		if !service.suffix {
			return nil, invalidInput("Custom suffix is not allowed for %s", in.AWSServiceName)
		}
		roleName += "_" + in.CustomSuffix
	}
	if _, taken := s.state.Roles[roleName]; taken {
		return nil, invalidInput("Service role name %s has been taken in this account, please try a different suffix.", roleName)
	}
	r := &role{
		ID: newID("AROA"), Name: roleName, Path: servicePath + in.AWSServiceName + "/", Description: in.Description,
		TrustPolicy:        fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":%q},"Action":"sts:AssumeRole"}]}`, in.AWSServiceName),
		MaxSessionDuration: 3600, Created: s.now(), Tags: core.Tags{}, Inline: map[string]string{},
	}
	if arn := s.managedARN("aws-service-role/" + service.policy); s.managed[arn] != nil {
		r.Attached = []string{arn}
	}
	s.state.Roles[r.Name] = r
	return &roleOutput{s.roleItem(r)}, nil
}

func invalidInput(format string, args ...any) error {
	return wire.Errorf("InvalidInput", format, args...)
}

type deletionTaskOutput struct {
	DeletionTaskID string `out:"DeletionTaskId"`
}

// deleteServiceLinkedRole deletes at once; its task is over when it is asked
// for.
func (s *Service) deleteServiceLinkedRole(_ context.Context, in *roleNameInput) (*deletionTaskOutput, error) {
	r, err := s.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.Path, servicePath) {
		return nil, invalidInput("%s is not a service-linked role", r.Name)
	}
	delete(s.state.Roles, r.Name)
	return &deletionTaskOutput{"task" + r.Path + r.Name + "/" + ids.UUID()}, nil
}

type deletionStatusInput struct {
	DeletionTaskID string
}

type deletionStatusOutput struct{ Status string }

func (s *Service) getServiceLinkedRoleDeletionStatus(_ context.Context, in *deletionStatusInput) (*deletionStatusOutput, error) {
	if !strings.HasPrefix(in.DeletionTaskID, "task"+servicePath) {
		return nil, wire.NotFoundf("NoSuchEntity", "The deletion task %s cannot be found.", in.DeletionTaskID)
	}
	return &deletionStatusOutput{"SUCCEEDED"}, nil
}
