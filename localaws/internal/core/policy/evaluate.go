package policy

import (
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/glob"
)

const (
	everyone   = "*" // of principals
	everything = "*" // of actions and resources
)

// Request is what policies are held against.
type Request struct {
	// Principals are who asks, by all names that a policy may give: a role's
	// ARN, its account's number and root, a service.
	Principals Principals
	Action     string // such as "s3:PutObject"; case doesn't count
	Resource   string // an ARN, or "*"
	Context    Context
}

// Decision is what policies say about a request.
type Decision int

// Decisions. An explicit deny wins over every allow.
const (
	Unmentioned Decision = iota // an implicit deny
	Allowed
	Denied
)

// Decide returns what the document says about a request.
func (d *Document) Decide(r Request) Decision { return Decide([]*Document{d}, r) }

// Decide returns what documents of one kind, such as all policies of a role,
// say about a request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func Decide(documents []*Document, r Request) Decision {
	decision := Unmentioned
	for _, d := range documents {
		e := evaluation{Request: r, variables: d.Version == versionNew}
		for i := range d.Statements {
			st := &d.Statements[i]
			if !e.applies(st) {
				continue
			}
			if st.Effect == Deny {
				return Denied
			}
			decision = Allowed
		}
	}
	return decision
}

// evaluation is a request held against one document.
type evaluation struct {
	Request
	variables bool // the document's version has them
}

// applies reports whether a statement is about the request.
func (e evaluation) applies(st *Statement) bool {
	return e.principalFits(st) && e.actionFits(st) && e.resourceFits(st) && e.conditionsHold(st)
}

func (e evaluation) principalFits(st *Statement) bool {
	switch {
	case st.NotPrincipal != nil:
		return !st.NotPrincipal.include(e.Principals)
	case st.Principal != nil:
		return st.Principal.include(e.Principals)
	}
	return true // it is a policy of who asks
}

// include reports whether one of the names is meant. Everyone includes AWS's
// services, which is why the key aws:PrincipalIsAWSService exists.
func (p Principals) include(who Principals) bool {
	if slices.Contains(p[AWS], everyone) {
		return true
	}
	for kind, names := range who {
		if len(names) > 0 && slices.Contains(p[kind], everyone) {
			return true
		}
		for _, name := range names {
			if slices.Contains(p[kind], name) {
				return true
			}
		}
	}
	return false
}

func (e evaluation) actionFits(st *Statement) bool {
	action := strings.ToLower(e.Action)
	fits := func(pattern string) bool { return glob.Wildcards(strings.ToLower(pattern)).Match(action) }
	if len(st.NotAction) > 0 {
		return !slices.ContainsFunc(st.NotAction, fits)
	}
	return slices.ContainsFunc(st.Action, fits)
}

// resourceFits: a policy that trusts names no resource, as it is attached to
// the only one.
func (e evaluation) resourceFits(st *Statement) bool {
	fits := func(text string) bool {
		pattern, ok := e.read(text, true)
		return ok && covers(pattern, e.Resource)
	}
	if len(st.NotResource) > 0 {
		return !slices.ContainsFunc(st.NotResource, fits)
	}
	return len(st.Resource) == 0 || slices.ContainsFunc(st.Resource, fits)
}
