// Package policy reads, checks and evaluates policy documents: those of roles,
// those that trust, and those attached to resources such as buckets, topics and
// keys. All services share its semantics, which are IAM's,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html.
//
// A service parses what a client gives and refuses, with its own code, what
// the error says; then it asks what a request may do:
//
//	d, err := policy.Parse(text)
//	if err == nil {
//		err = d.CheckResource("sns", func(resource string) bool { return policy.Covers(resource, topicARN) })
//	}
//	...
//	allowed := d.Decide(policy.Request{
//		Principals: policy.Principals{policy.Service: {"events.amazonaws.com"}}, Action: "sns:Publish", Resource: topicARN,
//		Context:    policy.NewContext(map[string]string{"aws:SourceArn": ruleARN}),
//	}) == policy.Allowed
package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Document is a policy document.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type Document struct {
	Version    string
	ID         string     `json:"Id"`
	Statements Statements `json:"Statement"`
}

// Statement is one statement of it. Of an element and its negation only one is
// there.
type Statement struct {
	Sid          string
	Effect       string // Allow or Deny
	Principal    Principals
	NotPrincipal Principals
	Action       List
	NotAction    List
	Resource     List
	NotResource  List
	Condition    map[string]map[string]List // operator -> key -> values
}

// Effects of statements.
const (
	Allow = "Allow"
	Deny  = "Deny"
)

// Versions of the language. Only the newer one has variables.
const (
	versionNew = "2012-10-17"
	versionOld = "2008-10-17"
)

// Parse reads a document, and checks what holds for policies of every kind.
func Parse(text string) (*Document, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil, errors.New("Syntax errors in policy. Policies must be valid JSON and the first byte must be '{'") //nolint:staticcheck // AWS's own words
	}
	d := &Document{}
	if err := unmarshal([]byte(text), d); err != nil {
		return nil, syntax("%v", err)
	}
	if d.Version != "" && d.Version != versionNew && d.Version != versionOld {
		return nil, syntax("the version %q is neither %s nor %s", d.Version, versionNew, versionOld)
	}
	if len(d.Statements) == 0 {
		return nil, syntax("it has no statement")
	}
	sids := map[string]bool{}
	for i := range d.Statements {
		st := &d.Statements[i]
		if err := st.check(); err != nil {
			return nil, err
		}
		if st.Sid != "" && sids[st.Sid] {
			return nil, fmt.Errorf("Statement IDs (SID) in a single policy must be unique: %s", st.Sid)
		}
		sids[st.Sid] = true
	}
	return d, nil
}

func syntax(format string, args ...any) error {
	return fmt.Errorf("Syntax errors in policy: "+format, args...)
}

// Statements are one statement or a list of them.
type Statements []Statement

// UnmarshalJSON reads either form.
func (s *Statements) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		*s = make(Statements, 1)
		return unmarshal(raw, &(*s)[0])
	}
	var list []Statement
	if err := unmarshal(raw, &list); err != nil {
		return err
	}
	*s = list
	return nil
}

// List is one string or a list of them. A number or boolean, as conditions may
// hold, counts as its text.
type List []string

// UnmarshalJSON reads any of the forms.
func (l *List) UnmarshalJSON(raw []byte) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	*l = List{}
	for _, item := range items {
		switch v := item.(type) {
		case string:
			*l = append(*l, v)
		case json.Number:
			*l = append(*l, v.String())
		case bool:
			*l = append(*l, strconv.FormatBool(v))
		default:
			return fmt.Errorf("%s is neither a string nor a list of strings", raw)
		}
	}
	return nil
}

// Kind is a kind of principals.
type Kind string

// The kinds of principals.
const (
	AWS           Kind = "AWS" // accounts, roles and users; "*" is everyone
	Service       Kind = "Service"
	Federated     Kind = "Federated"
	CanonicalUser Kind = "CanonicalUser"
)

// Principals are names by their kind.
type Principals map[Kind]List

// UnmarshalJSON reads names by their kind, or "*", which is short for everyone.
func (p *Principals) UnmarshalJSON(raw []byte) error {
	if bytes.Equal(bytes.TrimSpace(raw), []byte(`"*"`)) {
		*p = Principals{AWS: {everyone}}
		return nil
	}
	var byKind map[Kind]List
	if err := json.Unmarshal(raw, &byKind); err != nil || len(byKind) == 0 {
		return fmt.Errorf("Invalid principal in policy: %s", raw) //nolint:staticcheck // AWS's own words
	}
	for kind := range byKind {
		if kind != AWS && kind != Service && kind != Federated && kind != CanonicalUser {
			return fmt.Errorf("Invalid principal in policy: %q", kind) //nolint:staticcheck // AWS's own words
		}
	}
	*p = byKind
	return nil
}

// unmarshal refuses members that the type lacks, and what stands behind the
// value.
func unmarshal(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the text goes on after the document")
	}
	return nil
}
