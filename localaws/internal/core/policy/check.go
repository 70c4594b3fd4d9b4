package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// actionRule is a service's prefix, a colon, and a name with wildcards.
var actionRule = regexp.MustCompile(`^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$`)

// check checks what holds for a statement of every kind of policy.
func (st *Statement) check() error {
	switch {
	case st.Effect != Allow && st.Effect != Deny:
		return syntax("Invalid effect: %q is neither Allow nor Deny", st.Effect)
	case st.Principal != nil && st.NotPrincipal != nil:
		return syntax("a statement has both Principal and NotPrincipal")
	case len(st.Action) > 0 && len(st.NotAction) > 0:
		return syntax("a statement has both Action and NotAction")
	case len(st.Resource) > 0 && len(st.NotResource) > 0:
		return syntax("a statement has both Resource and NotResource")
	case len(st.Action)+len(st.NotAction) == 0:
		return errors.New("Missing required field Action: Policy statement must contain actions") //nolint:staticcheck // AWS's own words
	}
	for _, action := range st.Actions() {
		if action != everything && !actionRule.MatchString(action) {
			return fmt.Errorf("Policy has invalid action: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: %q", action) //nolint:staticcheck // AWS's own words
		}
	}
	for name, keys := range st.Condition {
		if err := checkCondition(name, keys); err != nil {
			return err
		}
	}
	return nil
}

// Actions are those that a statement names, also in NotAction.
func (st *Statement) Actions() []string { return slices.Concat(st.Action, st.NotAction) }

// Resources are those that a statement names, also in NotResource.
func (st *Statement) Resources() []string { return slices.Concat(st.Resource, st.NotResource) }

// HasPrincipal reports whether a statement says whom it is for.
func (st *Statement) HasPrincipal() bool { return st.Principal != nil || st.NotPrincipal != nil }

// CheckIdentity checks a policy that is attached to a role: it names resources,
// and no principal.
func (d *Document) CheckIdentity() error {
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.HasPrincipal() {
			return errors.New("Policy document should not specify a principal") //nolint:staticcheck // AWS's own words
		}
		if len(st.Resources()) == 0 {
			return errors.New("Policy statement must contain resources") //nolint:staticcheck // AWS's own words
		}
		for _, resource := range st.Resources() {
			if err := checkARN(resource); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkARN wants "*" or an ARN, whose parts may hold wildcards.
func checkARN(resource string) error {
	if resource == everything {
		return nil
	}
	parts := strings.SplitN(resource, ":", arnParts)
	if len(parts) < arnParts && !strings.HasSuffix(resource, "*") || parts[0] != "arn" {
		return fmt.Errorf("Resource %s must be in ARN format or \"*\"", resource) //nolint:staticcheck // AWS's own words
	}
	return nil
}

// CheckResource checks a policy that is attached to a resource: service is the
// prefix of its actions, such as "s3", and covers reports whether a name in
// Resource may mean the resource.
func (d *Document) CheckResource(service string, covers func(resource string) bool) error {
	for i := range d.Statements {
		st := &d.Statements[i]
		if !st.HasPrincipal() {
			return errors.New("Missing required field Principal") //nolint:staticcheck // AWS's own words
		}
		if len(st.Resources()) == 0 {
			return errors.New("Missing required field Resource") //nolint:staticcheck // AWS's own words
		}
		for _, action := range st.Actions() {
			if action != everything && !strings.HasPrefix(strings.ToLower(action), service+":") {
				return fmt.Errorf("Policy has invalid action: %s", action) //nolint:staticcheck // AWS's own words
			}
		}
		for _, resource := range st.Resources() {
			if !covers(resource) {
				return fmt.Errorf("Policy has invalid resource: %s", resource) //nolint:staticcheck // AWS's own words
			}
		}
	}
	return nil
}
