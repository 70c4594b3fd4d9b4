package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	effectAllow = "Allow"
	effectDeny  = "Deny"
)

// Allows tells whether a role may do an action, such as
// "ecs:RegisterContainerInstance", on a resource (an ARN or "*"). why is what
// AWS would say when it may not. The logic is that of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html:
// a Deny wins, then an Allow is needed, and one of the permissions boundary too
// where there is one.
func (s *Service) Allows(roleARN, action, resource string) (ok bool, why string) {
	return s.AllowsIn(roleARN, action, resource, nil)
}

// AllowsIn is Allows with condition keys of the service, such as
// "ecs:CreateAction". The global keys that follow from the role and the account
// are added.
func (s *Service) AllowsIn(roleARN, action, resource string, given Context) (ok bool, why string) {
	r, found := s.role(roleARN)
	if !found {
		return false, fmt.Sprintf("the role %s does not exist", roleARN)
	}
	c := s.context(r, given)
	denied := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", s.sessionARN(r), action, resource)
	switch s.decide(s.documentsOf(r), action, resource, c) {
	case effectDeny:
		return false, denied + " with an explicit deny in an identity-based policy"
	case "":
		return false, denied + " because no identity-based policy allows the " + action + " action"
	}
	if r.PermissionsBoundary != "" && s.decide([]string{s.defaultDocument(r.PermissionsBoundary)}, action, resource, c) != effectAllow {
		return false, denied + " because no permissions boundary allows the " + action + " action"
	}
	return true, ""
}

// sessionARN is who a role's user is, as messages have it.
func (s *Service) sessionARN(r *role) string {
	return s.account.GlobalARN("sts", "assumed-role/"+r.Name+"/localaws")
}

// context are the condition keys that every request of a role has.
func (s *Service) context(r *role, given Context) Context {
	c := Context{
		"aws:PrincipalArn":          s.roleARN(r),
		"aws:PrincipalAccount":      s.account.ID,
		"aws:PrincipalType":         "AssumedRole",
		"aws:PrincipalIsAWSService": "false",
		"aws:ResourceAccount":       s.account.ID,
		"aws:RequestedRegion":       s.account.Region,
		"aws:SecureTransport":       "true",
		"aws:CurrentTime":           s.now().Format(time.RFC3339),
	}
	for key, value := range r.Tags {
		c["aws:PrincipalTag/"+key] = value
	}
	maps.Copy(c, given)
	return c
}

// documentsOf are a role's inline policies and the default versions of those
// attached to it.
func (s *Service) documentsOf(r *role) []string {
	documents := slices.Collect(maps.Values(r.Inline))
	for _, arn := range r.Attached {
		documents = append(documents, s.defaultDocument(arn))
	}
	return documents
}

func (s *Service) defaultDocument(arn string) string {
	p, ok := s.policy(arn)
	if !ok {
		return ""
	}
	return p.Versions[p.Default].Document
}

// decide returns effectDeny, effectAllow, or "" when no statement applies.
func (s *Service) decide(documents []string, action, resource string, c Context) string {
	decision := ""
	for _, text := range documents {
		d, err := parse(text)
		if err != nil {
			continue // a policy that is gone; the others were checked when they were made
		}
		for _, st := range d.Statement {
			if !st.covers(action, resource, c) {
				continue
			}
			if st.Effect == effectDeny {
				return effectDeny
			}
			decision = effectAllow
		}
	}
	return decision
}

// covers tells whether a statement is about this action on this resource.
func (st statement) covers(action, resource string, c Context) bool {
	return st.coversAction(action) && st.coversResource(resource, c) && st.holds(c)
}

func (st statement) coversAction(action string) bool {
	fits := func(pattern string) bool { return like(strings.ToLower(pattern), strings.ToLower(action)) }
	if len(st.NotAction) > 0 {
		return !slices.ContainsFunc(st.NotAction, fits)
	}
	return slices.ContainsFunc(st.Action, fits)
}

func (st statement) coversResource(resource string, c Context) bool {
	fits := func(pattern string) bool { return pattern == "*" || like(expand(pattern, c), resource) }
	if len(st.NotResource) > 0 {
		return !slices.ContainsFunc(st.NotResource, fits)
	}
	return len(st.Resource) == 0 || slices.ContainsFunc(st.Resource, fits)
}

// CanAssume tells whether a role's trust policy lets a service, such as
// "ecs-tasks.amazonaws.com", act as the role.
func (s *Service) CanAssume(roleARN, servicePrincipal string) (ok bool, why string) {
	r, found := s.role(roleARN)
	if !found {
		return false, fmt.Sprintf("the role %s does not exist", roleARN)
	}
	c := Context{
		"aws:SourceAccount":         s.account.ID,
		"aws:SourceArn":             s.account.ARN(serviceOf(servicePrincipal), "localaws"),
		"aws:PrincipalIsAWSService": "true",
		"aws:PrincipalServiceName":  servicePrincipal,
		"aws:SecureTransport":       "true",
		"aws:RequestedRegion":       s.account.Region,
	}
	isService := func(p *principal) bool {
		return slices.Contains(p.Service, servicePrincipal) || slices.Contains(p.Service, "*")
	}
	if s.trusts(r, "sts:AssumeRole", isService, c) {
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

// TrustsPrincipal tells whether a role's trust policy lets a user or role with
// that ARN assume it; an account's root stands for all of the account.
func (s *Service) TrustsPrincipal(roleARN, principalARN string) bool {
	r, found := s.role(roleARN)
	if !found {
		return false
	}
	fits := func(given string) bool {
		return given == "*" || given == s.account.ID || given == s.account.GlobalARN("iam", "root") || given == principalARN
	}
	c := Context{"aws:PrincipalArn": principalARN, "aws:PrincipalAccount": s.account.ID, "aws:SecureTransport": "true"}
	return s.trusts(r, "sts:AssumeRole", func(p *principal) bool { return slices.ContainsFunc(p.AWS, fits) }, c)
}

// TrustsWebIdentity tells whether a role's trust policy lets tokens of an OpenID
// Connect provider assume it.
func (s *Service) TrustsWebIdentity(roleARN string) bool {
	r, found := s.role(roleARN)
	return found && s.trusts(r, "sts:AssumeRoleWithWebIdentity", func(p *principal) bool { return len(p.Federated) > 0 }, Context{})
}

// trusts evaluates a trust policy for an action of a principal.
func (s *Service) trusts(r *role, action string, fits func(*principal) bool, c Context) bool {
	d, err := parse(r.TrustPolicy)
	if err != nil {
		return false // checked when it was set
	}
	allowed := false
	for _, st := range d.Statement {
		about := st.Principal != nil && fits(st.Principal) || st.NotPrincipal != nil && !fits(st.NotPrincipal)
		if !about || !st.covers(action, "*", c) {
			continue
		}
		if st.Effect == effectDeny {
			return false
		}
		allowed = true
	}
	return allowed
}
