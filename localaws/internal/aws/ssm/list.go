package ssm

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// parameterFilter is how List operations choose; see
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html.
type parameterFilter struct {
	Key    string
	Option string
	Values []string
}

func (f parameterFilter) fits(p *parameter) (bool, error) {
	values, err := f.valuesOf(p)
	if err != nil {
		return false, err
	}
	compare, err := f.comparison()
	if err != nil {
		return false, err
	}
	fits := func(have string) bool {
		return len(f.Values) == 0 || slices.ContainsFunc(f.Values, func(want string) bool { return compare(have, want) })
	}
	return slices.ContainsFunc(values, fits), nil
}

func (f parameterFilter) valuesOf(p *parameter) ([]string, error) {
	if key, ok := strings.CutPrefix(f.Key, "tag:"); ok {
		if value, tagged := p.Tags[key]; tagged {
			return []string{value}, nil
		}
		return nil, nil
	}
	switch f.Key {
	case "Name", "Path":
		return []string{p.Name}, nil
	case "Type":
		return []string{p.Type}, nil
	case "KeyId":
		return []string{p.KeyID}, nil
	case "Tier":
		return []string{p.Tier}, nil
	case "DataType":
		return []string{p.DataType}, nil
	}
	return nil, wire.Errorf("InvalidFilterKey", "The filter key %q is none of Name, Path, Type, KeyId, Tier, DataType, tag:<key>", f.Key)
}

func (f parameterFilter) comparison() (func(have, want string) bool, error) {
	option := cmp.Or(f.Option, "Equals")
	if f.Key == "Path" {
		switch cmp.Or(f.Option, "OneLevel") {
		case "Recursive":
			return func(have, want string) bool { return below(want, have, true) }, nil
		case "OneLevel":
			return func(have, want string) bool { return below(want, have, false) }, nil
		}
	}
	switch option {
	case "Equals":
		return func(have, want string) bool { return strings.TrimPrefix(have, "/") == strings.TrimPrefix(want, "/") }, nil
	case "BeginsWith":
		return strings.HasPrefix, nil
	case "Contains":
		return strings.Contains, nil
	}
	return nil, wire.Errorf("InvalidFilterOption", "The filter option %q does not go with the key %q", f.Option, f.Key)
}

// below tells whether a name lies in a path, at its first level or any.
func below(path, name string, recursive bool) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}

// choose returns the page of parameters that pass all filters, by name. Without
// public, AWS's own are left out.
func (s *Service) choose(filters []parameterFilter, public bool, limit *int, token string) (found []*parameter, next string, err error) {
	all := make([]*parameter, 0, len(s.state.Parameters))
	for _, p := range s.state.Parameters {
		all = append(all, p)
	}
	if public {
		for _, p := range s.public {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *parameter) int { return cmp.Compare(a.Name, b.Name) })
	last, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, "", wire.Errorf("InvalidNextToken", "The token %q is not one that an answer held", token)
	}
	size := 10
	if limit != nil {
		size = *limit
	}
	if size < 1 || size > 50 {
		return nil, "", wire.Errorf("ValidationException", "MaxResults is %d: it must be 1 to 50", size)
	}
	for _, p := range all {
		passes, err := passesAll(filters, p)
		if err != nil {
			return nil, "", err
		}
		if !passes || p.Name <= string(last) {
			continue
		}
		if len(found) == size {
			return found, base64.RawURLEncoding.EncodeToString([]byte(found[size-1].Name)), nil
		}
		found = append(found, p)
	}
	return found, "", nil
}

func passesAll(filters []parameterFilter, p *parameter) (bool, error) {
	for _, f := range filters {
		fits, err := f.fits(p)
		if err != nil || !fits {
			return false, err
		}
	}
	return true, nil
}

type byPathInput struct {
	Path             string
	Recursive        bool
	ParameterFilters []parameterFilter
	WithDecryption   bool
	MaxResults       *int
	NextToken        string
}

type byPathOutput struct {
	Parameters []parameterItem
	NextToken  string
}

func (s *Service) getParametersByPath(_ context.Context, in *byPathInput) (*byPathOutput, error) {
	if !strings.HasPrefix(in.Path, "/") {
		return nil, wire.Errorf("ValidationException", "The parameter doesn't meet the parameter name requirements. The path %q must begin with a forward slash", in.Path)
	}
	path := parameterFilter{Key: "Path", Option: "OneLevel", Values: []string{in.Path}}
	if in.Recursive {
		path.Option = "Recursive"
	}
	found, next, err := s.choose(append(in.ParameterFilters, path), true, in.MaxResults, in.NextToken)
	out := &byPathOutput{Parameters: []parameterItem{}, NextToken: next}
	for _, p := range found {
		out.Parameters = append(out.Parameters, s.item(p, p.latest(), in.WithDecryption))
	}
	return out, err
}

type describeInput struct {
	Filters          []oldFilter
	ParameterFilters []parameterFilter
	MaxResults       *int
	NextToken        string
	Shared           bool
}

// oldFilter is how filters were written before; its values are prefixes.
type oldFilter struct {
	Key    string
	Values []string
}

type describeOutput struct {
	Parameters []metadata
	NextToken  string
}

type metadata struct {
	Name             string
	ARN              string
	Type             string
	KeyID            string `out:"KeyId"`
	LastModifiedDate time.Time
	LastModifiedUser string
	Description      string
	AllowedPattern   string
	Version          int64
	Tier             string
	DataType         string
}

func (s *Service) describeParameters(_ context.Context, in *describeInput) (*describeOutput, error) {
	out := &describeOutput{Parameters: []metadata{}}
	if in.Shared {
		return out, nil // no other account shares any
	}
	filters := in.ParameterFilters
	for _, f := range in.Filters {
		filters = append(filters, parameterFilter{f.Key, "BeginsWith", f.Values})
	}
	found, next, err := s.choose(filters, false, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, p := range found {
		out.Parameters = append(out.Parameters, metadata{
			Name: p.Name, ARN: s.arn(p), Type: p.Type, KeyID: p.KeyID, LastModifiedDate: p.latest().Modified,
			LastModifiedUser: s.account.GlobalARN("iam", "root"), Description: p.Description, AllowedPattern: p.AllowedPattern,
			Version: p.latest().Number, Tier: p.Tier, DataType: p.DataType,
		})
	}
	return out, nil
}

type historyInput struct {
	Name           string
	WithDecryption bool
	MaxResults     *int
	NextToken      string
}

type historyOutput struct{ Parameters []parameterItem }

// getParameterHistory lists all versions, the oldest first; there are at most a
// hundred, which is one page.
func (s *Service) getParameterHistory(_ context.Context, in *historyInput) (*historyOutput, error) {
	p, _, err := s.find(in.Name)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	for _, v := range p.Versions {
		item := s.item(p, v, in.WithDecryption)
		item.ARN = ""
		out.Parameters = append(out.Parameters, item)
	}
	return out, nil
}

type tagsInput struct {
	ResourceType string
	ResourceID   string
	Tags         []core.Tag
	TagKeys      []string
}

type tagsOutput struct{ TagList []core.Tag }

// tagged finds the parameter whose tags a request is about.
func (s *Service) tagged(in *tagsInput) (*parameter, error) {
	if in.ResourceType != "Parameter" {
		return nil, wire.Errorf("InvalidResourceType", "The resource type %q is not valid: localaws tags parameters only", in.ResourceType)
	}
	p, ok := s.state.Parameters[in.ResourceID]
	if !ok {
		return nil, wire.Errorf("InvalidResourceId", "The resource ID %q is not valid. Verify the ID and try again.", in.ResourceID)
	}
	return p, nil
}

func (s *Service) addTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	p, err := s.tagged(in)
	if err != nil {
		return nil, err
	}
	p.Tags.Put(in.Tags)
	return nil, nil
}

func (s *Service) removeTags(_ context.Context, in *tagsInput) (*wire.Empty, error) {
	p, err := s.tagged(in)
	if err != nil {
		return nil, err
	}
	p.Tags.Remove(in.TagKeys)
	return nil, nil
}

func (s *Service) listTags(_ context.Context, in *tagsInput) (*tagsOutput, error) {
	p, err := s.tagged(in)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{p.Tags.List()}, nil
}
