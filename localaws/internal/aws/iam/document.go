package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// A policy document, read as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
// has it.

type document struct {
	Version   string
	ID        string `json:"Id"`
	Statement statements
}

type statement struct {
	Sid          string
	Effect       string
	Principal    *principal
	NotPrincipal *principal
	Action       stringList
	NotAction    stringList
	Resource     stringList
	NotResource  stringList
	Condition    map[string]map[string]stringList // operator -> key -> values
}

// statements are one statement or a list of them.
type statements []statement

func (s *statements) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		var single statement
		if err := unmarshalStrict(raw, &single); err != nil {
			return err
		}
		*s = statements{single}
		return nil
	}
	var list []statement
	if err := unmarshalStrict(raw, &list); err != nil {
		return err
	}
	*s = list
	return nil
}

// stringList is one string or a list of them; a number or boolean, as
// conditions may hold, counts as its text.
type stringList []string

func (l *stringList) UnmarshalJSON(raw []byte) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	*l = stringList{}
	for _, item := range list {
		switch v := item.(type) {
		case string:
			*l = append(*l, v)
		case json.Number:
			*l = append(*l, v.String())
		case bool:
			*l = append(*l, map[bool]string{true: "true", false: "false"}[v])
		default:
			return errors.New("neither a string nor a list of strings")
		}
	}
	return nil
}

// principal is "*" or lists of principals by their kind.
type principal struct {
	AWS, Service, Federated, CanonicalUser stringList
}

func (p *principal) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(bytes.TrimSpace(raw), []byte(`"*"`)) {
		p.AWS = stringList{"*"}
		return nil
	}
	type plain principal
	return unmarshalStrict(raw, (*plain)(p))
}

func unmarshalStrict(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the document")
	}
	return nil
}

// parse reads a document and checks what holds for every kind of policy.
func parse(text string) (*document, error) {
	d := &document{}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, malformed("Syntax errors in policy.")
	}
	if err := unmarshalStrict([]byte(text), d); err != nil {
		return nil, malformed("Syntax errors in policy: %v.", err)
	}
	if d.Version != "" && d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return nil, malformed("The policy's version %q is neither 2012-10-17 nor 2008-10-17.", d.Version)
	}
	if len(d.Statement) == 0 {
		return nil, malformed("Syntax errors in policy: it has no statement.")
	}
	sids := map[string]bool{}
	for _, st := range d.Statement {
		if err := st.check(); err != nil {
			return nil, err
		}
		if st.Sid != "" && sids[st.Sid] {
			return nil, malformed("Statement IDs (SID) in a single policy must be unique: %s.", st.Sid)
		}
		sids[st.Sid] = true
	}
	return d, nil
}

// actionRule is a service's prefix, a colon, and a name with wildcards.
var actionRule = regexp.MustCompile(`^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$`)

func (st statement) check() error {
	if st.Effect != effectAllow && st.Effect != effectDeny {
		return malformed("Syntax errors in policy: the effect %q is neither Allow nor Deny.", st.Effect)
	}
	if len(st.Action) > 0 && len(st.NotAction) > 0 {
		return malformed("Syntax errors in policy: a statement has both Action and NotAction.")
	}
	if len(st.Action)+len(st.NotAction) == 0 {
		return malformed("Policy statement must contain actions.")
	}
	for _, action := range slices.Concat(st.Action, st.NotAction) {
		if action != "*" && !actionRule.MatchString(action) {
			return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: %q.", action)
		}
	}
	for operator := range st.Condition {
		if _, ok := findOperator(operator); !ok {
			return malformed("Syntax errors in policy: there is no condition operator %q.", operator)
		}
	}
	return nil
}

// checkPermissions checks a policy that is attached to a role.
func checkPermissions(text string) error {
	d, err := parse(text)
	if err != nil {
		return err
	}
	for _, st := range d.Statement {
		if st.Principal != nil || st.NotPrincipal != nil {
			return malformed("Policy document should not specify a principal.")
		}
		if len(st.Resource) > 0 && len(st.NotResource) > 0 {
			return malformed("Syntax errors in policy: a statement has both Resource and NotResource.")
		}
		if len(st.Resource)+len(st.NotResource) == 0 {
			return malformed("Policy statement must contain resources.")
		}
		for _, resource := range slices.Concat(st.Resource, st.NotResource) {
			if err := checkResource(resource); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkResource wants "*" or an ARN, whose parts may hold wildcards.
func checkResource(resource string) error {
	if resource == "*" {
		return nil
	}
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 && !strings.HasSuffix(resource, "*") || parts[0] != "arn" {
		return malformed("Resource %s must be in ARN format or \"*\".", resource)
	}
	return nil
}

// checkTrust checks a policy that says who may assume a role.
func (s *Service) checkTrust(text string) error {
	if policySize(text) > maxTrustPolicy {
		return limit("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	d, err := parse(text)
	if err != nil {
		return err
	}
	for _, st := range d.Statement {
		if len(st.Resource)+len(st.NotResource) > 0 {
			return malformed("Has prohibited field Resource")
		}
		if st.Principal == nil && st.NotPrincipal == nil {
			return malformed("Missing required field Principal")
		}
		for _, action := range slices.Concat(st.Action, st.NotAction) {
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

// checkPrincipal refuses principals that can't be: services that are no
// service's name, and roles of this account that do not exist.
func (s *Service) checkPrincipal(p *principal) error {
	if p == nil {
		return nil
	}
	for _, service := range p.Service {
		if service != "*" && !strings.HasSuffix(service, ".amazonaws.com") && !strings.HasSuffix(service, ".amazonaws.com.cn") {
			return malformed("Invalid principal in policy: \"SERVICE\":%q", service)
		}
	}
	for _, aws := range p.AWS {
		_, isRole := strings.CutPrefix(aws, s.account.GlobalARN("iam", "role/"))
		_, roleExists := s.role(aws)
		known := aws == "*" || accountRule.MatchString(aws) || strings.HasPrefix(aws, "arn:")
		if !known || (isRole && !roleExists) {
			return malformed("Invalid principal in policy: \"AWS\":%q", aws)
		}
	}
	return nil
}
