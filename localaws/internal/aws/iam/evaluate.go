package iam

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
)

// authorizer decides what a role may do and who may assume it.
type authorizer struct{ *records }

// Context are the condition keys of a request, each with one value. Case
// doesn't count in keys.
type Context map[string]string

// Allows reports whether a role may do an action, such as
// "ecs:RegisterContainerInstance", on a resource (an ARN or "*"). why is what
// AWS would say when it may not. The logic is that of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html:
// a Deny wins, then an Allow is needed, and one of the permissions boundary too
// where there is one.
func (s *authorizer) Allows(roleARN, action, resource string) (ok bool, why string) {
	return s.AllowsIn(roleARN, action, resource, nil)
}

// AllowsIn is Allows with condition keys of the service, such as
// "ecs:CreateAction". The global keys that follow from the role and the account
// are added.
func (s *authorizer) AllowsIn(roleARN, action, resource string, given Context) (ok bool, why string) {
	r, found := s.role(roleARN)
	if !found {
		return false, fmt.Sprintf("the role %s does not exist", roleARN)
	}
	denied := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", s.sessionARN(r), action, resource)
	request := policy.Request{Action: action, Resource: resource, Context: s.context(r, given)}
	switch policy.Decide(s.documentsOf(r), request) {
	case policy.Denied:
		return false, denied + " with an explicit deny in an identity-based policy"
	case policy.Unmentioned:
		return false, denied + " because no identity-based policy allows the " + action + " action"
	}
	if r.PermissionsBoundary != "" && policy.Decide(s.defaultDocument(r.PermissionsBoundary), request) != policy.Allowed {
		return false, denied + " because no permissions boundary allows the " + action + " action"
	}
	return true, ""
}

// sessionARN is who a role's user is, as messages have it.
func (s *authorizer) sessionARN(r *role) string {
	return s.account.GlobalARN("sts", "assumed-role/"+r.Name+"/localaws")
}

// context are the condition keys that every request of a role has, and those
// given.
func (s *authorizer) context(r *role, given Context) policy.Context {
	c := policy.NewContext(Context{
		"aws:PrincipalArn":          s.roleARN(r),
		"aws:PrincipalAccount":      s.account.ID,
		"aws:PrincipalType":         "AssumedRole",
		"aws:PrincipalIsAWSService": "false",
		"aws:ResourceAccount":       s.account.ID,
		"aws:RequestedRegion":       s.account.Region,
		"aws:SecureTransport":       "true",
		"aws:CurrentTime":           s.now().Format(time.RFC3339),
	})
	for key, value := range r.Tags {
		c.Set("aws:PrincipalTag/"+key, value)
	}
	for key, value := range given {
		c.Set(key, value)
	}
	return c
}

// documentsOf are a role's inline policies and the default versions of those
// attached to it.
func (s *authorizer) documentsOf(r *role) []*policy.Document {
	var documents []*policy.Document
	for _, text := range r.Inline {
		documents = append(documents, parsed(text)...)
	}
	for _, arn := range r.Attached {
		documents = append(documents, s.defaultDocument(arn)...)
	}
	return documents
}

func (s *authorizer) defaultDocument(arn string) []*policy.Document {
	p, ok := s.policy(arn)
	if !ok {
		return nil
	}
	return parsed(p.Versions[p.Default].Document)
}

// parsed reads a document that was checked when it was set.
func parsed(text string) []*policy.Document {
	d, err := policy.Parse(text)
	if err != nil {
		return nil
	}
	return []*policy.Document{d}
}

// CanAssume reports whether a role's trust policy lets a service, such as
// "ecs-tasks.amazonaws.com", act as the role.
func (s *authorizer) CanAssume(roleARN, servicePrincipal string) (ok bool, why string) {
	r, found := s.role(roleARN)
	if !found {
		return false, fmt.Sprintf("the role %s does not exist", roleARN)
	}
	who := policy.Principals{policy.Service: {servicePrincipal}}
	trusted := trusts(r, "sts:AssumeRole", who, Context{
		"aws:SourceAccount":         s.account.ID,
		"aws:SourceArn":             s.account.ARN(serviceOf(servicePrincipal), "localaws"),
		"aws:PrincipalIsAWSService": "true",
		"aws:PrincipalServiceName":  servicePrincipal,
		"aws:SecureTransport":       "true",
		"aws:RequestedRegion":       s.account.Region,
	})
	if trusted {
		return true, ""
	}
	return false, fmt.Sprintf("the trust policy of the role %s does not let %s assume it", s.roleARN(r), servicePrincipal)
}

// serviceOf is the service part of the ARNs that a service principal acts for:
// tasks are ECS's.
func serviceOf(servicePrincipal string) string {
	name, _, _ := strings.Cut(servicePrincipal, ".")
	return strings.TrimSuffix(name, "-tasks")
}

// TrustsPrincipal reports whether a role's trust policy lets a user or role with
// that ARN assume it; an account's root stands for all of the account.
func (s *authorizer) TrustsPrincipal(roleARN, principalARN string) bool {
	r, found := s.role(roleARN)
	if !found {
		return false
	}
	who := policy.Principals{policy.AWS: {principalARN, s.account.ID, s.account.GlobalARN("iam", "root")}}
	return trusts(r, "sts:AssumeRole", who, Context{
		"aws:PrincipalArn": principalARN, "aws:PrincipalAccount": s.account.ID, "aws:SecureTransport": "true",
	})
}

// trusts evaluates a role's trust policy for an action of a principal.
func trusts(r *role, action string, who policy.Principals, c Context) bool {
	return policy.Decide(parsed(r.TrustPolicy), policy.Request{
		Principals: who, Action: action, Resource: "*", Context: policy.NewContext(c),
	}) == policy.Allowed
}
