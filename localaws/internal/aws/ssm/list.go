package ssm

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/paging"
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

// below reports whether a name lies in a path, at its first level or any.
func below(path, name string, recursive bool) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && (recursive || !strings.Contains(rest, "/"))
}

// pages are the limits of lists,
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html.
func pages(usual, most int) paging.Limits {
	return paging.Limits{
		Default: usual, Max: most,
		Size: func(size int) error {
			return wire.Errorf("ValidationException", "MaxResults is %d: it must be 1 to %d", size, most)
		},
		Token: func(token string) error {
			return wire.Errorf("InvalidNextToken", "The token %q is not one that an answer held", token)
		},
	}
}

// chosen returns the parameters that pass all filters, those of AWS in public.
func (s *Service) chosen(filters []parameterFilter, public map[string]*parameter) ([]*parameter, error) {
	all := slices.Collect(maps.Values(public))
	for _, p := range s.parameters.All() {
		all = append(all, p)
	}
	var found []*parameter
	for _, p := range all {
		passes, err := passesAll(filters, p)
		if err != nil {
			return nil, err
		}
		if passes {
			found = append(found, p)
		}
	}
	return found, nil
}

func nameOf(p *parameter) string { return p.Name }

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
	found, err := s.chosen(append(in.ParameterFilters, path), s.public)
	if err != nil {
		return nil, err
	}
	page, next, err := paging.Cut(pages(10, 10), found, nameOf, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &byPathOutput{Parameters: []parameterItem{}, NextToken: next}
	for _, p := range page {
		out.Parameters = append(out.Parameters, s.item(p, p.Latest, in.WithDecryption))
	}
	return out, nil
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
	found, err := s.chosen(filters, nil)
	if err != nil {
		return nil, err
	}
	page, next, err := paging.Cut(pages(10, 50), found, nameOf, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, p := range page {
		out.Parameters = append(out.Parameters, metadata{
			Name: p.Name, ARN: s.arn(p), Type: p.Type, KeyID: p.KeyID, LastModifiedDate: p.Latest.Modified,
			LastModifiedUser: s.account.GlobalARN("iam", "root"), Description: p.Description, AllowedPattern: p.AllowedPattern,
			Version: p.Latest.Number, Tier: p.Tier, DataType: p.DataType,
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

type historyOutput struct {
	Parameters []parameterItem
	NextToken  string
}

// getParameterHistory lists all versions, the oldest first.
func (s *Service) getParameterHistory(_ context.Context, in *historyInput) (*historyOutput, error) {
	p, _, err := s.find(in.Name)
	if err != nil {
		return nil, err
	}
	var versions []version
	for _, v := range s.past.Prefix(p.Name + ":") {
		versions = append(versions, v)
	}
	versions = append(versions, p.Latest)
	id := func(v version) string { return versionID(p.Name, v.Number) }
	page, next, err := paging.Cut(pages(50, 50), versions, id, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{NextToken: next}
	for _, v := range page {
		item := s.item(p, v, in.WithDecryption)
		item.ARN = ""
		out.Parameters = append(out.Parameters, item)
	}
	return out, nil
}
