package iam

import (
	"regexp"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
)

// trust checks roles' trust policies.
type trust struct{ *records }

// checkPermissions checks a policy that is attached to a role.
func checkPermissions(text string) error {
	d, err := policy.Parse(text)
	if err == nil {
		err = d.CheckIdentity()
	}
	if err != nil {
		return malformed("%v", err)
	}
	return nil
}

// checkTrust checks a policy that says who may assume a role.
func (s *trust) checkTrust(text string) error {
	if policySize(text) > maxTrustPolicy {
		return limit("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	d, err := policy.Parse(text)
	if err != nil {
		return malformed("%v", err)
	}
	for _, st := range d.Statements {
		if len(st.Resources()) > 0 {
			return malformed("Has prohibited field Resource")
		}
		if !st.HasPrincipal() {
			return malformed("Missing required field Principal")
		}
		for _, action := range st.Actions() {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), "sts:") {
				return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
		if err := s.checkPrincipal(st.Principal); err != nil {
			return err
		}
	}
	return nil
}

var accountRule = regexp.MustCompile(`^\d{12}$`)

// checkPrincipal refuses principals that can't be: services that have another
// domain, and roles of this account that do not exist.
func (s *trust) checkPrincipal(p policy.Principals) error {
	for _, service := range p[policy.Service] {
		if service != "*" && !strings.HasSuffix(service, ".amazonaws.com") && !strings.HasSuffix(service, ".amazonaws.com.cn") {
			return malformed("Invalid principal in policy: \"SERVICE\":%q", service)
		}
	}
	for _, aws := range p[policy.AWS] {
		_, isRole := strings.CutPrefix(aws, s.account.GlobalARN("iam", "role/"))
		_, roleExists := s.role(aws)
		known := aws == "*" || accountRule.MatchString(aws) || strings.HasPrefix(aws, "arn:")
		if !known || (isRole && !roleExists) {
			return malformed("Invalid principal in policy: \"AWS\":%q", aws)
		}
	}
	return nil
}
